import { useEffect, useId, useState, type ReactElement } from 'react'
import { CopyButton } from './copy-button.js'

/** What a secret box takes. */
export interface SecretBoxProps {
  /** What it is: `Your new key`. */
  readonly label: string
  readonly secret: string
  /** Told when it was copied, by the button or by hand: what closes the view may ask before that. */
  readonly onCopied?: (() => void) | undefined
}

/** A secret that is shown this once. Leaving the page before it is copied asks first. */
export function SecretBox({ label, secret, onCopied }: SecretBoxProps): ReactElement {
  const id = useId()
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (copied) return undefined
    const keep = (event: BeforeUnloadEvent): void => event.preventDefault()
    addEventListener('beforeunload', keep)
    return () => removeEventListener('beforeunload', keep)
  }, [copied])

  function noteCopied(): void {
    setCopied(true)
    onCopied?.()
  }

  return (
    <div className="secret-box">
      <p className="secret-label" id={id}>
        {label}
      </p>
      <output className="secret" aria-labelledby={id} onCopy={noteCopied}>
        {secret}
      </output>
      <div className="secret-foot">
        <CopyButton text={secret} label="Copy" variant="primary" onCopied={noteCopied} />
        <p className="hint" role="status">
          {copied ? 'Copied. Put it where it is safe.' : 'Shown this once, and stored nowhere.'}
        </p>
      </div>
    </div>
  )
}
