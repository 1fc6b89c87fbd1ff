import type { WebhookEndpointView, WebhookProbeCheckView, WebhookProbeView } from '@bitting/client'
import type { ReactElement } from 'react'
import { path, send } from '../../api/transport.js'
import { useCan } from '../../session/session.js'
import { Status } from '../../ui/badge.js'
import { Button } from '../../ui/button.js'
import { Card } from '../../ui/card.js'
import { Notice } from '../../ui/notice.js'
import { Time } from '../../ui/time.js'
import { isGrave, Verdict } from './states.js'
import { useAtOnce } from './use-at-once.js'

/** A probe waits for five answers of the receiver in a row. */
const TIMEOUT_MILLISECONDS = 180_000

const SIGNATURES: Readonly<Record<string, string>> = {
  missing: 'Without a signature',
  wrong: 'Signed with a wrong key',
  old: 'Signed ten minutes ago',
  tampered: 'Body changed after signing',
  right: 'Signed rightly',
}

/** Whether the receiver verifies, as the last probe found: each check, and what to do. */
export function ProbeCard({
  endpoint: { id, probe, state },
}: {
  readonly endpoint: WebhookEndpointView
}): ReactElement {
  const { running, run } = useAtOnce()
  const can = useCan()
  return (
    <Card
      title="Last probe"
      actions={
        can('webhooks:edit') &&
        state !== 'deleted' && (
          <Button pending={running !== null} onClick={() => run('probe', () => runProbe(id))}>
            Probe
          </Button>
        )
      }
    >
      {probe === null ? (
        <p className="quiet-text">
          Not probed yet. A probe sends five requests, four of them signed wrongly, and finds out whether the
          receiver verifies.
        </p>
      ) : (
        <Found probe={probe} />
      )}
    </Card>
  )
}

async function runProbe(id: string): Promise<string> {
  const { probe } = await send<WebhookEndpointView>({
    method: 'POST',
    path: path`/v1/webhook-endpoints/${id}/probe`,
    timeoutMilliseconds: TIMEOUT_MILLISECONDS,
  })
  return probe?.verdict === 'verifies' ? 'The receiver verifies.' : 'The probe is done: see what it found.'
}

function Found({ probe }: { readonly probe: WebhookProbeView }): ReactElement {
  return (
    <div className="webhooks-part">
      <p className="webhooks-verdict">
        <Verdict probe={probe} /> <Time value={probe.at} />
      </p>
      {isGrave(probe) && (
        <Notice tone="bad" alert title="Grave">
          <p>This receiver takes requests that Bitting did not send.</p>
        </Notice>
      )}
      <ul className="webhooks-rows" aria-label="Checks">
        {probe.checks.map((check) => (
          <Check key={check.signature} check={check} />
        ))}
      </ul>
      {probe.findings.length > 0 && (
        <ul className="webhooks-findings" aria-label="Findings">
          {probe.findings.map((finding) => (
            <li key={finding}>{finding}</li>
          ))}
        </ul>
      )}
    </div>
  )
}

function Check({
  check: { signature, status, error, accepted },
}: {
  readonly check: WebhookProbeCheckView
}): ReactElement {
  const isGood = status !== null && accepted === (signature === 'right')
  return (
    <li>
      <span className="webhooks-stack">
        {SIGNATURES[signature] ?? signature}
        <span className="quiet-text">
          {status === null ? (error ?? 'no answer').replaceAll('_', ' ') : `answered ${String(status)}`}
        </span>
      </span>
      <Status tone={isGood ? 'good' : accepted ? 'bad' : 'warn'}>
        {accepted ? 'Accepted' : status === null ? 'No answer' : 'Refused'}
      </Status>
    </li>
  )
}
