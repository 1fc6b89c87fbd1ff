import { useEffect, useId, useRef, useState, type ReactElement } from 'react'
import { Field } from '../../ui/field.js'
import { TextInput } from '../../ui/text-input.js'
import { offered, resolveTyped, shownFor, type Suggestion } from './suggestions.js'

const PAUSE_MILLISECONDS = 400

/** What a filter that is typed takes. */
export interface FilterInputProps {
  readonly label: string
  /** An id where there are suggestions. */
  readonly value: string | undefined
  /** Told after a pause in typing. Empty where the filter is taken away. */
  readonly onChange: (value: string) => void
  /** What can be named: the name is shown and typed, its id is the value. Any other text is taken as an id. */
  readonly suggestions?: readonly Suggestion[] | undefined
}

const NO_SUGGESTIONS: readonly Suggestion[] = []

/** A filter that is typed. It follows its value when that is changed from elsewhere, by going back for example. */
export function FilterInput(props: FilterInputProps): ReactElement {
  const { label, value = '', onChange, suggestions = NO_SUGGESTIONS } = props
  const list = useId()
  const sent = useRef(value)
  const latest = useRef(onChange)
  latest.current = onChange
  // Null while nothing was typed since the value came: then it is shown by its name, which may come later.
  const [typed, setTyped] = useState<string | null>(null)
  const resolved = typed === null ? value : resolveTyped(typed, suggestions)
  useEffect(() => {
    if (value === sent.current) return
    sent.current = value
    setTyped(null)
  }, [value])
  useEffect(() => {
    if (resolved === null || resolved === sent.current) return undefined
    const timer = setTimeout(() => {
      sent.current = resolved
      latest.current(resolved)
    }, PAUSE_MILLISECONDS)
    return () => clearTimeout(timer)
  }, [resolved])
  const isNamed = suggestions.length > 0
  return (
    <Field label={label}>
      {(control) => (
        <>
          <TextInput
            {...control}
            mono={!isNamed}
            value={typed ?? shownFor(value, suggestions)}
            onValueChange={setTyped}
            {...(isNamed && { list, placeholder: 'Name or id' })}
          />
          {isNamed && (
            <datalist id={list}>
              {offered(suggestions).map(({ id, shown, detail }) => (
                <option key={id} value={shown}>
                  {detail}
                </option>
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  )
}
