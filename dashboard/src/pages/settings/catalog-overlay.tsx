import type { CatalogView } from '@bitting/client'
import { useRef, useState, type ReactElement } from 'react'
import { flushSync } from 'react-dom'
import { FormProblem } from '../../session/form-problem.js'
import { Button } from '../../ui/button.js'
import { Card } from '../../ui/card.js'
import { DiffList } from '../../ui/diff-list.js'
import { mappingsOf, overlayChanges, unfilledRow, type MappingDraft } from './catalog-mapping.js'
import { CatalogOverlayRow } from './catalog-overlay-row.js'
import { useMayChange } from './settings-access.js'
import { SettingsConflict } from './settings-form.js'
import { useOverlay, type OverlayState } from './use-overlay.js'
import type { VersionedCatalog } from './workspace-query.js'

const UNFILLED = 'Say which operation: its method, and its path below the upstream’s origin.'

/** What this workspace maps itself: replaced as a whole, and never on top of what somebody else saved meanwhile. */
export function CatalogOverlay({ versioned }: { readonly versioned: VersionedCatalog }): ReactElement {
  const mayChange = useMayChange()
  const overlay = useOverlay(versioned)
  const { catalog } = versioned
  const rows = useRows(overlay, catalog)
  return (
    <Card
      title="Your mappings"
      description="Operations that the catalog lacks, or that are to ask for something else here."
    >
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          rows.submit()
        }}
      >
        {overlay.rows.length === 0 && <p className="hint">None. The catalog holds as it came.</p>}
        {overlay.rows.map((row, at) => (
          <CatalogOverlayRow
            key={row.id}
            row={row}
            number={at + 1}
            catalog={catalog}
            error={at === rows.unfilled ? UNFILLED : errorOf(overlay.errors, at)}
            pathRef={rows.pathRef(row.id)}
            {...(mayChange && { onChange: rows.change, onRemove: () => rows.remove(row.id) })}
          />
        ))}
        {mayChange && (
          <div className="actions">
            <Button icon="plus" onClick={rows.add}>
              Add a mapping
            </Button>
          </div>
        )}
        <OverlayFoot overlay={overlay} live={versioned} />
      </form>
    </Card>
  )
}

interface Rows {
  /** The place of the row that names no operation although it was to be saved, else -1. */
  readonly unfilled: number
  readonly pathRef: (id: string) => (path: HTMLInputElement | null) => void
  readonly add: () => void
  readonly change: (row: MappingDraft) => void
  readonly remove: (id: string) => void
  readonly submit: () => void
}

/** Edits the rows, and puts the focus where something is to be filled in. */
function useRows({ rows, setRows, save }: OverlayState, catalog: CatalogView): Rows {
  const [unfilled, setUnfilled] = useState(-1)
  const paths = useRef(new Map<string, HTMLInputElement>())
  const set = (next: readonly MappingDraft[]): void => {
    setUnfilled(-1)
    setRows(next)
  }
  return {
    unfilled,
    pathRef: (id) => (path) => {
      if (path === null) paths.current.delete(id)
      else paths.current.set(id, path)
    },
    add: () => {
      const row = newRow(catalog.sections[0]?.permissions[0]?.id)
      flushSync(() => set([...rows, row]))
      paths.current.get(row.id)?.focus()
    },
    change: (row) => set(rows.map((other) => (other.id === row.id ? row : other))),
    remove: (id) => set(rows.filter((row) => row.id !== id)),
    submit: () => {
      const at = unfilledRow(rows)
      setUnfilled(at)
      if (at === -1) void save()
      else paths.current.get(rows[at]?.id ?? '')?.focus()
    },
  }
}

function OverlayFoot({
  overlay,
  live,
}: {
  readonly overlay: OverlayState
  readonly live: VersionedCatalog
}): ReactElement {
  const { base, rows } = overlay
  const before = base.catalog.overlay
  const filled = rows.filter((row) => unfilledRow([row]) === -1)
  const changes = overlayChanges(before, mappingsOf(filled), base.catalog)
  return (
    <>
      {overlay.error !== null && <FormProblem error={overlay.error} />}
      {overlay.isBehind && overlay.dirty && (
        <SettingsConflict
          changes={overlayChanges(before, live.catalog.overlay, base.catalog)}
          onTake={overlay.takeTheirs}
          onKeep={overlay.keepMine}
        />
      )}
      {overlay.dirty && !overlay.isBehind && (
        <>
          <h3>What changes</h3>
          {changes.length === 0 ? (
            <p className="hint">
              {filled.length < rows.length ? 'Nothing yet: the new mapping is empty.' : 'Only the order.'}
            </p>
          ) : (
            <DiffList changes={changes} />
          )}
          <div className="actions">
            <Button type="submit" variant="primary" pending={overlay.pending}>
              Save the mappings
            </Button>
            <Button onClick={overlay.takeTheirs}>Discard</Button>
          </div>
        </>
      )}
    </>
  )
}

/** What the server found wrong with a row or with a part of it. */
function errorOf(errors: Readonly<Record<string, string>>, at: number): string | undefined {
  const place = `operations.${String(at)}`
  const found = Object.entries(errors).filter(([field]) => field === place || field.startsWith(`${place}.`))
  return found.length === 0 ? undefined : found.map(([, message]) => message).join(' ')
}

let lastRow = 0

function newRow(permission = 'full'): MappingDraft {
  lastRow += 1
  return { id: `new-${String(lastRow)}`, method: 'GET', path: '', permission, level: 'read' }
}
