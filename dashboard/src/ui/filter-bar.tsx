import { useEffect, useRef, useState, type ReactElement, type ReactNode } from 'react'
import { Button } from './button.js'
import { Icon } from './icon.js'

/** What a filter bar takes. */
export interface FilterBarProps {
  /** What is filtered: `keys`. */
  readonly label: string
  /** What is searched for, and what to do when it changes: after a third of a second without a key press. */
  readonly search?:
    | { readonly value: string; readonly onChange: (value: string) => void; readonly placeholder: string }
    | undefined
  /** Selects, segmented bars, checkboxes. */
  readonly children?: ReactNode | undefined
  /** Given where a filter is set: clears all of them. */
  readonly onClear?: (() => void) | undefined
}

/** What narrows a list. Its values belong into the search parameters of the page, so that a link leads to the same. */
export function FilterBar({ label, search, children, onClear }: FilterBarProps): ReactElement {
  return (
    <div className="filter-bar" role="search" aria-label={`Filter ${label}`}>
      {search !== undefined && <SearchInput label={`Search ${label}`} {...search} />}
      {children}
      {onClear !== undefined && (
        <Button variant="quiet" onClick={onClear}>
          Clear
        </Button>
      )}
    </div>
  )
}

function SearchInput(props: {
  label: string
  value: string
  onChange: (value: string) => void
  placeholder: string
}): ReactElement {
  const { label, value, onChange, placeholder } = props
  const [text, setText] = useState(value)
  const sent = useRef(value)
  const latest = useRef(onChange)
  latest.current = onChange
  useEffect(() => {
    // Changed from outside: by the button that clears, or by going back.
    if (value !== sent.current) {
      sent.current = value
      setText(value)
    }
  }, [value])
  useEffect(() => {
    if (text === sent.current) return undefined
    const timer = setTimeout(() => {
      sent.current = text
      latest.current(text)
    }, 300)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <span className="search">
      <Icon name="search" size={18} />
      <input
        className="input"
        type="search"
        aria-label={label}
        placeholder={placeholder}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
    </span>
  )
}
