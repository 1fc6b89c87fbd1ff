import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { Card } from '../../ui/card.js'
import { CodeBlock } from '../../ui/code-block.js'
import { QueryView } from '../../ui/query-view.js'
import { AuditErasure } from './audit-erasure.js'
import { AuditPolicyForm } from './audit-policy.js'
import { ReadOnlyNotice, useMayChange } from './settings-access.js'
import './settings.css'
import { workspaceQuery } from './workspace-query.js'

/** What the audit log takes, how long it is kept, where it goes besides, and the erasure of personal data. */
export function AuditSettings(): ReactElement {
  const mayChange = useMayChange()
  const workspace = useQuery(workspaceQuery)
  return (
    <QueryView query={workspace} title="The settings could not be loaded">
      {(data) => (
        <div className="settings-parts">
          <ReadOnlyNotice />
          <AuditPolicyForm workspace={data} />
          <AuditSinks />
          {mayChange && <AuditErasure hold={data.audit.legal_hold} />}
        </div>
      )}
    </QueryView>
  )
}

/** Where entries go besides the database: that is for the operator to say, and not in the management API. */
function AuditSinks(): ReactElement {
  return (
    <Card title="Copies elsewhere">
      <div className="form">
        <p>
          Whoever runs this installation sets where every entry is sent as it is written (files, syslog, OTLP,
          Splunk, webhooks), and where checkpoints are kept. Both hold for all workspaces and may hold
          credentials, so they are settings of the server and not shown here.
        </p>
        <CodeBlock
          label="Settings of the server"
          wrap
          code={`BITTING_AUDIT_SINKS="syslog+tls://siem.example.com:6514"
BITTING_AUDIT_EVIDENCE="file:/mnt/evidence"`}
        />
        <p className="hint">
          Whether a sink takes what it is given: the metrics <code>bitting_audit_sink_up</code> and{' '}
          <code>bitting_audit_sink_lag_seconds</code> of the server.
        </p>
      </div>
    </Card>
  )
}
