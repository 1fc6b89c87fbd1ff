import type { ReactElement } from 'react'
import { RadioGroup } from '../../ui/radio-group.js'
import type { KeyDraft } from './key-draft.js'

/** What kind of key it is: below a fold, because nearly every key is for the API. */
export function KeyKindField({
  draft,
  onChange,
}: {
  readonly draft: KeyDraft
  readonly onChange: (part: Partial<KeyDraft>) => void
}): ReactElement {
  return (
    <details className="disclosure" open={draft.kind === 'management'}>
      <summary>Advanced</summary>
      <RadioGroup
        legend="Kind of key"
        value={draft.kind}
        onValueChange={(kind) => onChange({ kind, levels: {} })}
        choices={[
          { value: 'api', label: 'API key', hint: 'For programs that call the API through the gateway.' },
          {
            value: 'management',
            label: 'Management key',
            hint: 'For programs that manage keys here. It opens nothing at the gateway, and asks for a recent sign-in.',
          },
        ]}
      />
    </details>
  )
}
