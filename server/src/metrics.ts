import type { KeyFeed } from './feed/key-feed.js'
import type { UsageCounter } from './feed/usage.js'
import type { Recording } from './recording.js'
import type { WebhookDispatcher } from './webhooks/dispatcher.js'

/** What a node measures, in the text format of Prometheus. */
export function metricsText(
  feed: KeyFeed,
  usage: UsageCounter,
  recording: Recording,
  dispatcher: WebhookDispatcher,
): string {
  const decisions = [...usage.totals].map(
    ([outcome, total]) => `bitting_decisions_total{outcome="${outcome}"} ${String(total)}`,
  )
  return [
    '# HELP bitting_decisions_total Requests decided since the start, by outcome.',
    '# TYPE bitting_decisions_total counter',
    ...decisions,
    '# HELP bitting_secrets Secrets that the verifier holds.',
    '# TYPE bitting_secrets gauge',
    `bitting_secrets ${String(feed.table.size)}`,
    '# HELP bitting_key_table_bytes Bytes of the packed key table.',
    '# TYPE bitting_key_table_bytes gauge',
    `bitting_key_table_bytes ${String(feed.table.byteLength)}`,
    '# HELP bitting_revision Newest change that the verifier knows of.',
    '# TYPE bitting_revision gauge',
    `bitting_revision ${String(feed.revision)}`,
    '# HELP bitting_feed_current 1 while the verifier has confirmed its keys within its lease.',
    '# TYPE bitting_feed_current gauge',
    `bitting_feed_current ${feed.isCurrent ? '1' : '0'}`,
    '# HELP bitting_audit_spool_bytes Bytes of recorded calls that wait for the database.',
    '# TYPE bitting_audit_spool_bytes gauge',
    `bitting_audit_spool_bytes ${String(recording.spool.bytes)}`,
    '# HELP bitting_audit_lost_entries Recorded calls that were lost and of which the log does not know yet.',
    '# TYPE bitting_audit_lost_entries gauge',
    `bitting_audit_lost_entries ${String(recording.spool.lost)}`,
    '# HELP bitting_audit_tampered_logs Logs that are not what was signed; their checkpoints stand still.',
    '# TYPE bitting_audit_tampered_logs gauge',
    `bitting_audit_tampered_logs ${String(recording.checkpointer.tampered)}`,
    '# HELP bitting_audit_sink_up 1 while a sink takes what it is given.',
    '# TYPE bitting_audit_sink_up gauge',
    ...recording.sinks.map(({ name, delivery }) => sinkLine('up', name, delivery.state.isUp ? 1 : 0)),
    '# HELP bitting_audit_sink_lag_seconds Age of the oldest entry that a sink has not taken.',
    '# TYPE bitting_audit_sink_lag_seconds gauge',
    ...recording.sinks.map(({ name, delivery }) =>
      sinkLine('lag_seconds', name, delivery.state.lagMilliseconds / 1000),
    ),
    '# HELP bitting_webhook_attempts_total Attempts at webhook deliveries since the start, by outcome.',
    '# TYPE bitting_webhook_attempts_total counter',
    `bitting_webhook_attempts_total{outcome="accepted"} ${String(dispatcher.counts.accepted)}`,
    `bitting_webhook_attempts_total{outcome="failed"} ${String(dispatcher.counts.failed)}`,
    '# HELP bitting_webhook_given_up_total Webhook deliveries that failed for the last time since the start.',
    '# TYPE bitting_webhook_given_up_total counter',
    `bitting_webhook_given_up_total ${String(dispatcher.counts.givenUp)}`,
    '# HELP bitting_webhook_requests Webhook requests under way.',
    '# TYPE bitting_webhook_requests gauge',
    `bitting_webhook_requests ${String(dispatcher.sending)}`,
    '',
  ].join('\n')
}

function sinkLine(measure: string, name: string, value: number): string {
  return `bitting_audit_sink_${measure}{sink=${JSON.stringify(name)}} ${String(value)}`
}
