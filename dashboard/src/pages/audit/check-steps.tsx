import type { ReactElement } from 'react'
import { Icon, type IconName } from '../../ui/icon.js'
import type { CheckStep } from './check.js'

const LOOKS: Readonly<Record<CheckStep['state'], { readonly icon: IconName; readonly word: string }>> = {
  good: { icon: 'check', word: 'Holds' },
  bad: { icon: 'close', word: 'Fails' },
  open: { icon: 'info', word: 'Not checked' },
  first: { icon: 'info', word: 'Nothing to compare with yet' },
}

/** What was checked in this browser, step by step. */
export function CheckSteps({ steps }: { readonly steps: readonly CheckStep[] }): ReactElement {
  return (
    <ol className="check-steps">
      {steps.map(({ id, title, detail, state }) => (
        <li key={id} data-state={state}>
          <span className="check-mark">
            <Icon name={LOOKS[state].icon} size={16} />
          </span>
          <div>
            <p>
              <b>{title}</b>
              <span className="visually-hidden">: {LOOKS[state].word}</span>
            </p>
            <p className="hint">{detail}</p>
          </div>
        </li>
      ))}
    </ol>
  )
}
