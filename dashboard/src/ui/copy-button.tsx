import { useEffect, useState, type ReactElement } from 'react'
import { Button, type ButtonVariant } from './button.js'
import { IconButton } from './icon-button.js'
import { toast } from './toast.js'

/** What a copy button takes. */
export interface CopyButtonProps {
  readonly text: string
  /** What is copied: `Copy the key id`. */
  readonly label: string
  /** True for a picture alone, with the label as its name. */
  readonly iconOnly?: boolean | undefined
  readonly variant?: ButtonVariant | undefined
  readonly onCopied?: (() => void) | undefined
}

/** Copies a text, and says so at once; where the browser refuses, it says what to do. */
export function CopyButton(props: CopyButtonProps): ReactElement {
  const { text, label, iconOnly = false, variant, onCopied } = props
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return undefined
    const timer = setTimeout(() => setCopied(false), 2_000)
    return () => clearTimeout(timer)
  }, [copied])

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
      onCopied?.()
    } catch {
      toast('The browser did not allow copying. Select the text and copy it by hand.', { bad: true })
    }
  }

  const icon = copied ? 'check' : 'copy'
  const status = (
    <span className="visually-hidden" role="status">
      {copied ? 'Copied' : ''}
    </span>
  )
  return (
    <span className="copy">
      {iconOnly ? (
        <IconButton icon={icon} label={label} onClick={() => void copy()} />
      ) : (
        <Button icon={icon} {...(variant !== undefined && { variant })} onClick={() => void copy()}>
          {copied ? 'Copied' : label}
        </Button>
      )}
      {status}
    </span>
  )
}
