import type { KeyView } from '@bitting/client'
import type { ReactElement } from 'react'
import { Status, type Tone } from '../../ui/badge.js'

/** The state of a key in a word: what works, what waits, what is over and why. */
export function KeyStatus({ apiKey }: { readonly apiKey: KeyView }): ReactElement {
  const [tone, word] = stateOf(apiKey)
  return <Status tone={tone}>{word}</Status>
}

function stateOf({ state, revoked }: KeyView): readonly [Tone, string] {
  switch (state) {
    case 'pre-activation':
      return ['wait', 'Not valid yet']
    case 'active':
      return ['good', 'Active']
    case 'suspended':
      return ['warn', 'Suspended']
    case 'deactivated':
      return revoked === null ? ['quiet', 'Expired'] : ['quiet', 'Revoked']
    case 'compromised':
      return ['bad', 'Compromised']
    case 'destroyed':
      return ['quiet', 'Deleted']
  }
}
