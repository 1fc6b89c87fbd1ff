import type { KeyView, MarkView } from '@bitting/client'
import type { ReactElement } from 'react'
import { Button } from '../../ui/button.js'
import { Notice } from '../../ui/notice.js'
import { Time } from '../../ui/time.js'
import { InForce, useKeyActions, useResumeKey } from '../key-actions/index.js'
import { ActorName } from '../../people/actor-name.js'

/** Why a key does not work, since when, and who did it; and whether every node has heard of what was just done. */
export function KeyStateNotice(props: {
  readonly apiKey: KeyView
  /** What was done to the key on this page, if anything was. */
  readonly change: string | null
}): ReactElement | null {
  const { apiKey, change } = props
  const { resume, pending } = useResumeKey()
  const actions = useKeyActions()
  const state = stateOf(apiKey)
  const inForce = change === null ? null : <InForce key={change} change={change} />
  if (state === null) return inForce
  const { tone, title, mark, more } = state
  return (
    <Notice tone={tone} title={title}>
      <div className="key-state">
        {mark !== null && (
          <p>
            <Time value={mark.at} /> by <ActorName id={mark.by} />
            {mark.reason !== null && mark.reason !== '' && <>: “{mark.reason}”</>}
          </p>
        )}
        <p>{more}</p>
        {inForce}
        {actions(apiKey).has('resume') && (
          <p>
            <Button icon="play" pending={pending} onClick={() => resume(apiKey)}>
              Resume key
            </Button>
          </p>
        )}
      </div>
    </Notice>
  )
}

interface State {
  readonly tone: 'quiet' | 'warn' | 'bad'
  readonly title: string
  readonly mark: MarkView | null
  readonly more: string
}

function stateOf({ state, suspended, revoked, deleted, webhook_key: signs }: KeyView): State | null {
  const signing = signs ? ' It goes on signing webhooks.' : ''
  switch (state) {
    case 'active':
      return null
    case 'pre-activation':
      return { tone: 'quiet', title: 'Not valid yet', mark: null, more: 'Calls are refused until it is.' }
    case 'suspended':
      return {
        tone: 'warn',
        title: 'Suspended',
        mark: suspended,
        more: `Calls are refused until somebody resumes it.${signing}`,
      }
    case 'deactivated':
      return revoked === null
        ? { tone: 'quiet', title: 'Expired', mark: null, more: `Calls are refused.${signing}` }
        : { tone: 'quiet', title: 'Revoked', mark: revoked, more: 'Calls are refused, for good.' }
    case 'compromised':
      return {
        tone: 'bad',
        title: 'Compromised',
        mark: revoked,
        more: 'Its secret leaked. Calls are refused, for good.',
      }
    case 'destroyed':
      return {
        tone: 'quiet',
        title: 'Deleted',
        mark: deleted,
        more: 'Its secrets are destroyed. The record stays.',
      }
  }
}
