import { useEffect, useId, useRef, useState, type ReactElement } from 'react'
import { Field } from '../../ui/field.js'
import { TextInput } from '../../ui/text-input.js'

const PAUSE_MILLISECONDS = 400

/** What a filter that is typed takes. */
export interface FilterInputProps {
  readonly label: string
  readonly value: string | undefined
  /** Told after a pause in typing. Empty where the filter is taken away. */
  readonly onChange: (value: string) => void
  /** What is offered while one types: the id goes in, the name says what it is. */
  readonly suggestions?: readonly { readonly id: string; readonly name: string }[] | undefined
}

/** A filter that is typed. It follows its value when that is changed from elsewhere, by going back for example. */
export function FilterInput({ label, value = '', onChange, suggestions }: FilterInputProps): ReactElement {
  const list = useId()
  const [typed, setTyped] = useState(value)
  const sent = useRef(value)
  const latest = useRef(onChange)
  latest.current = onChange
  useEffect(() => {
    if (value === sent.current) return
    sent.current = value
    setTyped(value)
  }, [value])
  useEffect(() => {
    if (typed.trim() === sent.current) return undefined
    const timer = setTimeout(() => {
      sent.current = typed.trim()
      latest.current(typed.trim())
    }, PAUSE_MILLISECONDS)
    return () => clearTimeout(timer)
  }, [typed])
  return (
    <Field label={label}>
      {(control) => (
        <>
          <TextInput
            {...control}
            mono
            value={typed}
            onValueChange={setTyped}
            {...(suggestions !== undefined && { list })}
          />
          {suggestions !== undefined && (
            <datalist id={list}>
              {suggestions.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  )
}
