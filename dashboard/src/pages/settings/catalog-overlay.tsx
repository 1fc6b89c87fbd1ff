import type { ReactElement } from 'react'
import { FormProblem } from '../../session/form-problem.js'
import { Button } from '../../ui/button.js'
import { Card } from '../../ui/card.js'
import { DiffList } from '../../ui/diff-list.js'
import { mappingsOf, overlayChanges, type MappingDraft } from './catalog-mapping.js'
import { CatalogOverlayRow } from './catalog-overlay-row.js'
import { useMayChange } from './settings-access.js'
import { SettingsConflict } from './settings-form.js'
import { useOverlay, type OverlayState } from './use-overlay.js'
import type { VersionedCatalog } from './workspace-query.js'

/** What this workspace maps itself: replaced as a whole, and never on top of what somebody else saved meanwhile. */
export function CatalogOverlay({ versioned }: { readonly versioned: VersionedCatalog }): ReactElement {
  const mayChange = useMayChange()
  const overlay = useOverlay(versioned)
  const { catalog } = versioned
  const { rows, setRows, errors } = overlay
  return (
    <Card
      title="Your mappings"
      description="Operations that the catalog lacks, or that are to ask for something else here."
    >
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          void overlay.save()
        }}
      >
        {rows.length === 0 && <p className="hint">None. The catalog holds as it came.</p>}
        {rows.map((row, at) => (
          <CatalogOverlayRow
            key={row.id}
            row={row}
            number={at + 1}
            catalog={catalog}
            error={errorOf(errors, at)}
            {...(mayChange && {
              onChange: (next: MappingDraft) =>
                setRows(rows.map((other) => (other.id === row.id ? next : other))),
              onRemove: () => setRows(rows.filter((other) => other.id !== row.id)),
            })}
          />
        ))}
        {mayChange && (
          <div className="actions">
            <Button
              icon="plus"
              onClick={() => setRows([...rows, newRow(catalog.sections[0]?.permissions[0]?.id)])}
            >
              Add a mapping
            </Button>
          </div>
        )}
        <OverlayFoot overlay={overlay} live={versioned} />
      </form>
    </Card>
  )
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
  const changes = overlayChanges(before, mappingsOf(rows), base.catalog)
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
          {changes.length === 0 ? <p className="hint">Only the order.</p> : <DiffList changes={changes} />}
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
  return { id: `new-${String(lastRow)}`, method: 'GET', path: '/', permission, level: 'read' }
}
