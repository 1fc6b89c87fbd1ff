import type { KeyFeed } from './feed/key-feed.js'
import type { UsageCounter } from './feed/usage.js'

/** What a node measures, in the text format of Prometheus. */
export function metricsText(feed: KeyFeed, usage: UsageCounter): string {
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
    '',
  ].join('\n')
}
