import type { ReactElement } from 'react'

/** The name with its key: the bow, the blade, and the two cuts that are its bitting. */
export function Logo(): ReactElement {
  return (
    <span className="logo">
      <svg width="30" height="18" viewBox="0 0 30 18" fill="none" stroke="currentColor" aria-hidden="true">
        <g strokeWidth="2.6" strokeLinecap="round" strokeLinejoin="round">
          <circle cx="7" cy="8" r="5.2" />
          <path d="M12.2 8H28v5.500M21.5 8v4" />
        </g>
      </svg>
      Bitting
    </span>
  )
}
