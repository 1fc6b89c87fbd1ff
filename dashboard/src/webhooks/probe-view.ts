import type { WebhookProbeCheckView, WebhookProbeView } from '@bitting/client'
import { h } from './dom.js'
import { time } from './format.js'
import { isGrave, pill, verdictPill } from './parts.js'

const SIGNATURES: Readonly<Record<string, string>> = {
  missing: 'Without a signature',
  wrong: 'Signed with a wrong key',
  old: 'Signed ten minutes ago',
  tampered: 'Body changed after signing',
  right: 'Signed rightly',
}

/** What the last probe of an endpoint found: each check, and what to do. */
export function probeView(probe: WebhookProbeView | null): HTMLElement {
  if (probe === null) {
    return h(
      'p',
      { class: 'quiet-text' },
      'Not probed yet. A probe sends five requests, four of them signed wrongly, and finds out whether the receiver verifies.',
    )
  }
  const grave = isGrave(probe)
  return h(
    'div',
    { class: grave ? 'probe grave' : 'probe' },
    h('p', { class: 'probe-verdict' }, verdictPill(probe), ' ', time(probe.at)),
    grave
      ? h(
          'p',
          { class: 'grave-text', role: 'alert' },
          h('strong', {}, 'Grave: '),
          'this receiver takes requests that Bitting did not send.',
        )
      : null,
    h('ol', { class: 'checks' }, ...probe.checks.map(check)),
    probe.findings.length === 0
      ? null
      : h('ul', { class: 'findings' }, ...probe.findings.map((finding) => h('li', {}, finding))),
  )
}

function check({ signature, status, error, accepted }: WebhookProbeCheckView): HTMLElement {
  const isRight = signature === 'right'
  const answer = status === null ? reason(error) : `answered ${String(status)}`
  const isGood = accepted === isRight && status !== null
  const word = accepted ? 'Accepted' : status === null ? 'No answer' : 'Refused'
  return h(
    'li',
    {},
    h('span', { class: 'check-name' }, SIGNATURES[signature] ?? signature),
    h('span', { class: 'quiet-text' }, answer),
    pill(isGood ? 'good' : accepted ? 'bad' : 'warn', word),
  )
}

function reason(error: string | null): string {
  return error === 'not_sent' ? 'not sent' : (error ?? 'no answer').replaceAll('_', ' ')
}
