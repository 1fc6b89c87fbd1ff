import { encodeBase64, peekCheckpoint } from '@bitting/core'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { formatNumber } from '../../format.js'
import { Button } from '../../ui/button.js'
import { CodeBlock } from '../../ui/code-block.js'
import { CopyButton } from '../../ui/copy-button.js'
import { DescriptionList } from '../../ui/description-list.js'
import { Dialog } from '../../ui/dialog.js'
import type { Head } from './queries.js'
import { saveFile } from './save-file.js'

const KEEP = `npx bitting audit checkpoint --key --out log.key
npx bitting audit checkpoint --out log.checkpoint`

const VERIFY = `npx bitting audit export --out log.jsonl
npx bitting audit verify log.jsonl --key log.key --checkpoint log.checkpoint
npx bitting audit verify --key log.key --checkpoint log.checkpoint`

const PROVE = `npx bitting audit prove 17 --out entry-17
npx bitting audit prove --check entry-17 --key log.key`

/** A checkpoint in full, and how somebody verifies the log who trusts nobody here. */
export function CheckpointDialog({
  head: { note, verifierKey },
  onClose,
}: {
  readonly head: Head
  readonly onClose: () => void
}): ReactElement {
  const checkpoint = peekCheckpoint(note)
  return (
    <Dialog open onClose={onClose} size="large" title="Newest checkpoint">
      <div className="form">
        {checkpoint !== null && <Facts {...checkpoint} verifierKey={verifierKey} />}
        <div className="actions">
          <CopyButton text={note} label="Copy the checkpoint" />
          <Button icon="download" onClick={() => saveFile('log.checkpoint', [note])}>
            Save log.checkpoint
          </Button>
          <Button icon="download" onClick={() => saveFile('log.key', [`${verifierKey}\n`])}>
            Save log.key
          </Button>
        </div>
        <h3>How to verify it</h3>
        <p className="hint">
          Keep the key and a checkpoint where the owner of this server cannot change them. Whoever keeps one
          can tell later whether any entry under it was changed, dropped, put in, moved or cut off.
        </p>
        <CodeBlock label="Keep these" code={KEEP} wrap />
        <p className="hint">
          The first verify needs the file and no server. 0 means that everything holds, 5 that something does
          not, and which entries.
        </p>
        <CodeBlock label="Verify the log" code={VERIFY} wrap />
        <p className="hint">
          One entry can be proved to others without the log. The files are those of C2SP (signed-note,
          tlog-checkpoint, tlog-proof), which others’ programs verify too.
        </p>
        <CodeBlock label="Prove one entry" code={PROVE} wrap />
      </div>
    </Dialog>
  )
}

function Facts(props: {
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
  readonly verifierKey: string
}): ReactElement {
  const { origin, size, root, verifierKey } = props
  const last = size - 1
  return (
    <DescriptionList
      items={[
        { term: 'Log', detail: <code>{origin}</code> },
        { term: 'Entries', detail: formatNumber(size) },
        {
          term: 'Signed',
          detail: (
            <>
              Within a second of{' '}
              <Link to="/audit/$index" params={{ index: String(last) }}>
                entry {formatNumber(last)}
              </Link>
              , the newest that it covers
            </>
          ),
        },
        { term: 'Root', detail: <Copied text={encodeBase64(root)} label="Copy the root" /> },
        { term: 'Verifier key', detail: <Copied text={verifierKey} label="Copy the verifier key" /> },
      ]}
    />
  )
}

function Copied({ text, label }: { readonly text: string; readonly label: string }): ReactElement {
  return (
    <span className="copied">
      <code>{text}</code>
      <CopyButton iconOnly text={text} label={label} />
    </span>
  )
}
