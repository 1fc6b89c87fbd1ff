import type { WebhookEndpointView } from '@bitting/client'
import type { Context } from './context.js'
import { h } from './dom.js'
import { selectField, textField } from './field.js'
import { Invalid, openForm, whileBusy } from './form-dialog.js'
import { count } from './format.js'
import { OVERLAPS } from './key-dialogs.js'
import { messageOf } from './notice.js'
import { showSecret } from './secret-dialog.js'

/** Does something to an endpoint at once, and tells what came of it. */
export async function actAtOnce(
  context: Context,
  button: HTMLButtonElement,
  refresh: () => Promise<void>,
  act: () => Promise<string>,
): Promise<void> {
  await whileBusy(button, async () => {
    try {
      const told = await act()
      await refresh()
      if (!context.signal.aborted) context.say(told)
    } catch (error) {
      if (!context.signal.aborted) context.say(messageOf(error))
    }
  })
}

/** Asks how long the secret before signs too, makes a new one, and shows it this once. */
export function askToRotate(context: Context, { id }: WebhookEndpointView, refresh: () => void): void {
  const overlap = selectField({
    name: 'overlap_seconds',
    label: 'Overlap',
    hint: 'How long the secret that signs now signs too. None where it leaked.',
    groups: [{ label: null, choices: OVERLAPS }],
  })
  openForm({
    title: 'Rotate the secret',
    intro: [h('p', {}, 'The endpoint gets a new secret of its own. You see it next, this once.')],
    fields: [overlap],
    submit: 'Rotate',
    run: async () => {
      const rotated = await context.api.rotate(id, Number(overlap.value))
      return () => {
        context.say('The secret was rotated.')
        refresh()
        showSecret('The new secret', rotated)
      }
    },
  })
}

/** Asks whether an endpoint is to be deleted. */
export function askToDelete(context: Context, { id, url, deliveries }: WebhookEndpointView): void {
  const lost =
    deliveries.pending > 0 ? ` ${count(deliveries.pending, 'delivery')} on the way will be given up.` : ''
  openForm({
    title: 'Delete the endpoint',
    intro: [
      h('p', {}, 'Nothing is sent to it any more, and its secret is destroyed. This cannot be undone.', lost),
      h('p', { class: 'url' }, url),
    ],
    fields: [],
    submit: 'Delete',
    isDangerous: true,
    run: async () => {
      await context.api.deleteEndpoint(id)
      return () => {
        location.hash = ''
      }
    },
  })
}

/** Asks what to send again: what failed, or what was missed or failed since a time. */
export function askToResend(
  context: Context,
  { id, deliveries }: WebhookEndpointView,
  refresh: () => void,
): void {
  const what = selectField({
    name: 'what',
    label: 'What to send again',
    groups: [
      {
        label: null,
        choices: [
          ['failed', `Everything that failed (${deliveries.failed.toLocaleString('en')})`],
          ['since', 'What was missed or failed since a time'],
        ],
      },
    ],
  })
  const since = textField({
    name: 'since',
    label: 'Since',
    hint: 'In your local time. Counts where a time is chosen above.',
    type: 'datetime-local',
    attributes: { step: 1 },
  })
  openForm({
    title: 'Resend deliveries',
    intro: [],
    fields: [what, since],
    submit: 'Resend',
    run: async () => {
      const { resent } = await context.api.resend(
        id,
        what.value === 'failed' ? { failed: true } : { since: momentOf(since.value) },
      )
      return () => {
        context.say(
          resent === 0 ? 'There was nothing to send again.' : `${count(resent, 'delivery')} sent again.`,
        )
        refresh()
      }
    },
  })
}

/** A local time as RFC 3339 in UTC. */
function momentOf(local: string): string {
  const milliseconds = local === '' ? NaN : new Date(local).getTime()
  if (Number.isNaN(milliseconds)) throw new Invalid('since', 'Enter a date and a time.')
  return new Date(milliseconds).toISOString()
}
