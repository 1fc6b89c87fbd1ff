import type { KeyView, UpdateKeyRequest } from '@bitting/client'
import { describeError } from '../../api/problem.js'
import { path, send } from '../../api/transport.js'
import { toast } from '../../ui/toast.js'
import { keyChanged } from '../key-actions/queries.js'
import { changedSettings, settingsOf, updateRequest, type KeySettings } from './key-settings.js'

/**
 * Saves what differs from the key as the person saw it, and offers to take it back.
 *
 * @throws {ApiError} `version_conflict` where somebody else changed the key meanwhile, and whatever else the server says
 */
export async function saveKey(before: KeyView, settings: KeySettings): Promise<void> {
  const fields = changedSettings(settingsOf(before), settings)
  if (fields.length === 0) return
  const after = await update(before, updateRequest(settings, fields))
  toast(`“${after.name}” was saved`, {
    undo: () => {
      update(after, updateRequest(settingsOf(before), fields)).then(
        ({ name }) => toast(`“${name}” is as it was`),
        (error: unknown) => toast(`It could not be taken back. ${describeError(error)}`, { bad: true }),
      )
    },
  })
}

async function update({ id, version }: KeyView, body: UpdateKeyRequest): Promise<KeyView> {
  const after = await send<KeyView>({ method: 'PATCH', path: path`/v1/keys/${id}`, body, version })
  keyChanged(after)
  return after
}
