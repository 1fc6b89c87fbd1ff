import type { KeyView, WebhookKeyView } from '@bitting/client'
import type { Context } from './context.js'
import { h, type Child } from './dom.js'
import { selectField, textField, type TextField } from './field.js'
import { Invalid, openForm } from './form-dialog.js'
import { messageOf } from './notice.js'

/** How long the secret before can sign too, in seconds, and what it is called. */
export const OVERLAPS = [
  ['86400', '24 hours'],
  ['3600', '1 hour'],
  ['604800', '7 days'],
  ['0', 'None: the one before ends now'],
] as const

/** More keys than anybody looks through: the others are chosen by their id. */
const LISTED_PAGES_MAX = 3

interface Candidates {
  readonly keys: readonly KeyView[]
  /** Why not all keys are listed; null where they are. */
  readonly gap: string | null
}

/** Asks which key is to sign, how long the one before signs too, and for the name of that one. */
export async function askForKey(context: Context, now: WebhookKeyView, refresh: () => void): Promise<void> {
  const { keys, gap } = await findCandidates(context, now)
  if (context.signal.aborted) return
  const choice = keys.length === 0 ? null : keyField(keys)
  const byId = gap === null ? null : textField({ name: 'key_id_typed', label: 'Key id', hint: gap })
  const overlap =
    now.name === null
      ? null
      : selectField({
          name: 'overlap_seconds',
          label: 'Overlap',
          hint: 'How long the key that signs now signs too, so that receivers can move one by one. None where it leaked.',
          groups: [{ label: null, choices: OVERLAPS }],
        })
  const guard = now.name === null ? null : nameField(now.name)
  openForm({
    title: now.name === null ? 'Choose the webhook key' : 'Choose another webhook key',
    intro: intro(keys, gap),
    fields: [choice, byId, overlap, guard].filter((field) => field !== null),
    submit: now.name === null ? 'Sign with this key' : 'Change the key',
    run: async () => {
      const id = byId === null || byId.value === '' ? (choice?.value ?? '') : byId.value.trim()
      if (id === '') throw new Invalid(choice?.name ?? 'key_id_typed', 'Choose a key.')
      requireName(guard, now.name)
      const overlapSeconds = overlap === null ? undefined : Number(overlap.value)
      const set = await context.api.setWebhookKey(
        { key_id: id, overlap_seconds: overlapSeconds },
        guard?.value ?? null,
      )
      return () => {
        context.say(`“${set.name ?? id}” signs the webhooks now.`)
        refresh()
      }
    },
  })
}

/** Asks whether delivery is to end, and for the name of the key that signs. */
export function askToTurnOff(context: Context, now: WebhookKeyView, refresh: () => void): void {
  const guard = nameField(now.name ?? '')
  openForm({
    title: 'Turn delivery off',
    intro: [
      h(
        'p',
        {},
        'Nothing is delivered to any endpoint any more. What happens meanwhile waits, and is sent when a key signs again.',
      ),
    ],
    fields: [guard],
    submit: 'Turn delivery off',
    isDangerous: true,
    run: async () => {
      requireName(guard, now.name)
      await context.api.unsetWebhookKey(guard.value)
      return () => {
        context.say('Delivery is off.')
        refresh()
      }
    },
  })
}

function nameField(name: string): TextField {
  return textField({
    name: 'confirm',
    label: 'Name of the key that signs now',
    hint: h('span', {}, 'Every receiver verifies with it. Type ', h('strong', {}, name), ' to go on.'),
    isRequired: true,
  })
}

function requireName(guard: TextField | null, name: string | null): void {
  if (guard !== null && guard.value !== name) {
    throw new Invalid(guard.name, 'That is not the exact name of the key that signs now.')
  }
}

function keyField(keys: readonly KeyView[]): TextField {
  const choice = ({ id, name, environment }: KeyView): readonly [string, string] => [
    id,
    `${name} · ${environment} · ${id}`,
  ]
  return selectField({
    name: 'key_id',
    label: 'API key',
    hint: 'Every receiver holds the key, so the safe choice opens nothing.',
    groups: [
      { label: 'Recommended: no permissions', choices: keys.filter(opensNothing).map(choice) },
      { label: 'Opens the API', choices: keys.filter((key) => !opensNothing(key)).map(choice) },
    ],
  })
}

function intro(keys: readonly KeyView[], gap: string | null): Child[] {
  if (gap !== null || keys.some(opensNothing)) return []
  return [
    h(
      'div',
      { class: 'callout' },
      h(
        'p',
        {},
        'There is no API key without permissions that could sign. Make one, in a terminal in the folder of the clone:',
      ),
      h(
        'pre',
        { tabindex: '0', 'aria-label': 'Command' },
        'npx bitting keys create "Webhooks" --environment production',
      ),
    ),
  ]
}

/** Whether a key has no permission at all. */
function opensNothing({ access }: KeyView): boolean {
  return access !== 'full' && Object.values(access).every((level) => level === 'none')
}

async function findCandidates({ api }: Context, now: WebhookKeyView): Promise<Candidates> {
  const keys: KeyView[] = []
  let cursor: string | null = null
  try {
    for (let page = 0; page < LISTED_PAGES_MAX; page++) {
      const { data, next_cursor: next }: Awaited<ReturnType<typeof api.signingCandidates>> =
        await api.signingCandidates(cursor)
      keys.push(...data.filter(({ id }) => id !== now.key_id))
      cursor = next
      if (cursor === null) return { keys, gap: null }
    }
    return {
      keys,
      gap: 'There are more keys than are listed above. An id that is typed here counts instead.',
    }
  } catch (error) {
    return { keys: [], gap: `The keys cannot be listed, so type the id of one. ${messageOf(error)}` }
  }
}
