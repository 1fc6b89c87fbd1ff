import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState, type ReactElement } from 'react'
import { Button } from '../../ui/button.js'
import { PageHeader } from '../../ui/page-header.js'
import './audit.css'
import { AuditFilters } from './audit-filters.js'
import { AuditList } from './audit-list.js'
import { CheckpointStrip } from './checkpoint-strip.js'
import { ExportDialog } from './export-dialog.js'

/** What happened in the workspace, and whether the log of it is whole. */
export function AuditPage(): ReactElement {
  const search = useSearch({ from: '/app/audit' })
  const navigate = useNavigate({ from: '/audit' })
  const [exporting, setExporting] = useState(false)
  return (
    <div className="page">
      <PageHeader
        title="Audit"
        description="Everything that was done and refused in this workspace. Looking at it is recorded too."
        actions={
          <Button icon="download" onClick={() => setExporting(true)}>
            Export
          </Button>
        }
      />
      <CheckpointStrip />
      <AuditFilters search={search} onChange={(next) => void navigate({ search: next })} />
      <AuditList search={search} />
      {exporting && <ExportDialog search={search} onClose={() => setExporting(false)} />}
    </div>
  )
}
