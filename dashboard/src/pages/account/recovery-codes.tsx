import { useEffect, useId, useRef, useState, type ReactElement } from 'react'
import { AlertDialog } from '../../ui/alert-dialog.js'
import { Button } from '../../ui/button.js'
import { CopyButton } from '../../ui/copy-button.js'
import { Dialog } from '../../ui/dialog.js'
import { saveFile } from '../audit/save-file.js'

/** Shows recovery codes, this once. Who closes it without having kept them is asked first. */
export function RecoveryCodesDialog(props: {
  readonly codes: readonly string[]
  readonly onDone: () => void
}): ReactElement {
  const { codes, onDone } = props
  const [kept, setKept] = useState(false)
  const [asking, setAsking] = useState(false)
  useEffect(() => {
    if (kept) return undefined
    const keep = (event: BeforeUnloadEvent): void => event.preventDefault()
    addEventListener('beforeunload', keep)
    return () => removeEventListener('beforeunload', keep)
  }, [kept])
  const close = (): void => (kept ? onDone() : setAsking(true))
  return (
    <Dialog
      open
      keepOnPressOutside
      title="Keep your recovery codes"
      description="Each of them opens your account once, in place of a code, should you lose what shows the codes."
      onClose={close}
      actions={
        <Button variant="primary" onClick={close}>
          Done
        </Button>
      }
    >
      <Codes codes={codes} onKept={() => setKept(true)} />
      <AlertDialog
        open={asking}
        title="Close without keeping the codes?"
        description="They are not shown again. Without them, losing your device means losing your way in."
        confirm="Close anyway"
        onClose={() => setAsking(false)}
        onConfirm={onDone}
      />
    </Dialog>
  )
}

function Codes(props: { readonly codes: readonly string[]; readonly onKept: () => void }): ReactElement {
  const { codes, onKept } = props
  const id = useId()
  const list = useRef<HTMLOListElement>(null)
  useEffect(() => list.current?.focus(), [])
  const text = `${codes.join('\n')}\n`
  return (
    <div className="secret-box">
      <p className="secret-label" id={id}>
        Your recovery codes
      </p>
      <ol className="account-codes" ref={list} tabIndex={-1} aria-labelledby={id} onCopy={onKept}>
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ol>
      <div className="secret-foot">
        <CopyButton text={text} label="Copy all" variant="primary" onCopied={onKept} />
        <Button
          icon="download"
          onClick={() => {
            saveFile('bitting-recovery-codes.txt', [text], 'text/plain')
            onKept()
          }}
        >
          Download
        </Button>
        <p className="hint">Shown this once. Keep them apart from the device.</p>
      </div>
    </div>
  )
}
