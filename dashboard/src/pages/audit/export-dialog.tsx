import { useEffect, useRef, useState, type ReactElement } from 'react'
import { describeFully } from '../../api/problem.js'
import { formatCount } from '../../format.js'
import { Button } from '../../ui/button.js'
import { Dialog } from '../../ui/dialog.js'
import { Meter } from '../../ui/meter.js'
import { Notice } from '../../ui/notice.js'
import { RadioGroup, type Choice } from '../../ui/radio-group.js'
import { toast } from '../../ui/toast.js'
import { exportFound, exportLog, type ExportFormat, type ExportProgress } from './export.js'
import { saveFile } from './save-file.js'
import { isFiltered, type AuditSearch } from './search.js'

const FOUND: readonly Choice<ExportFormat>[] = [
  { value: 'found-csv', label: 'What the filters find, as CSV', hint: 'For spreadsheets. Newest first.' },
  {
    value: 'found-jsonl',
    label: 'What the filters find, as JSON lines',
    hint: 'For programs. Newest first.',
  },
]

const WHOLE: readonly Choice<ExportFormat>[] = [
  {
    value: 'jsonl',
    label: 'The whole log, with its proofs',
    hint: 'JSON lines, which bitting audit verify checks without this server.',
  },
  { value: 'csv', label: 'The whole log, as CSV', hint: 'For spreadsheets. Oldest first.' },
  { value: 'ocsf', label: 'The whole log, as OCSF', hint: 'For security platforms. Oldest first.' },
]

const TYPES: Readonly<Record<ExportFormat, string>> = {
  jsonl: 'application/jsonl',
  csv: 'text/csv',
  ocsf: 'application/jsonl',
  'found-jsonl': 'application/jsonl',
  'found-csv': 'text/csv',
}

/** Exports the log, or what a search finds in it, as a file. */
export function ExportDialog(props: {
  readonly search: AuditSearch
  readonly onClose: () => void
}): ReactElement {
  const { search, onClose } = props
  const choices = isFiltered(search) ? [...FOUND, ...WHOLE] : WHOLE
  const [format, setFormat] = useState<ExportFormat>(choices[0]?.value ?? 'jsonl')
  const { progress, error, run } = useExport(search, onClose)
  return (
    <Dialog
      open
      onClose={onClose}
      title="Export the log"
      description="Only what was in the log when the export began is in the file. The export is recorded in the log."
      keepOnPressOutside={progress !== null}
      actions={
        <>
          <Button onClick={onClose}>{progress === null ? 'Cancel' : 'Stop'}</Button>
          <Button variant="primary" pending={progress !== null} onClick={() => void run(format)}>
            Download
          </Button>
        </>
      }
    >
      <div className="form">
        <RadioGroup
          legend="What to export"
          value={format}
          choices={choices}
          disabled={progress !== null}
          onValueChange={setFormat}
        />
        {progress !== null && <Progress {...progress} />}
        {error !== null && (
          <Notice tone="bad" title="The export failed" alert>
            <p>{error}</p>
          </Notice>
        )}
      </div>
    </Dialog>
  )
}

function useExport(
  search: AuditSearch,
  onDone: () => void,
): {
  readonly progress: ExportProgress | null
  readonly error: string | null
  readonly run: (format: ExportFormat) => Promise<void>
} {
  const [progress, setProgress] = useState<ExportProgress | null>(null)
  const [error, setError] = useState<string | null>(null)
  const running = useRef<AbortController>(null)
  useEffect(() => () => running.current?.abort(), [])

  async function run(format: ExportFormat): Promise<void> {
    const controller = new AbortController()
    running.current = controller
    const options = { signal: controller.signal, onProgress: setProgress }
    setError(null)
    setProgress({ done: 0, total: null })
    try {
      const isFound = format === 'found-csv' || format === 'found-jsonl'
      const parts = isFound ? await exportFound(format, search, options) : await exportLog(format, options)
      saveFile(nameOf(format), parts, TYPES[format])
      toast('The log was exported.')
      onDone()
    } catch (failure) {
      if (!controller.signal.aborted) setError(describeFully(failure))
    } finally {
      setProgress(null)
    }
  }
  return { progress, error, run }
}

function nameOf(format: ExportFormat): string {
  const day = new Date().toISOString().slice(0, 10)
  const found = format.startsWith('found-') ? '-found' : ''
  const ending = format === 'ocsf' ? 'ocsf.jsonl' : format.replace('found-', '')
  return `audit-${day}${found}.${ending}`
}

function Progress({ done, total }: ExportProgress): ReactElement {
  return (
    <div role="status">
      {total === null ? (
        <p className="hint">{formatCount(done, 'entry', 'entries')} so far</p>
      ) : (
        <Meter
          label="Exported"
          value={done}
          max={total}
          text={`${formatCount(done, 'entry', 'entries')} of ${formatCount(total, 'entry', 'entries')}`}
        />
      )}
    </div>
  )
}
