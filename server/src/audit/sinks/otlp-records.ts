import type { AuditEntry } from '@bitting/core'

type AnyValue = { readonly stringValue: string } | { readonly intValue: string }

const INFO = 9
const WARN = 13

/**
 * A request for `/v1/logs` in OTLP's JSON encoding: a record an entry, the entry's JSON as its body and the parts that
 * are searched by as attributes. 64-bit numbers are decimal texts, as protobuf's JSON mapping has them.
 */
export function otlpRequest(entries: readonly AuditEntry[]): string {
  return JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'bitting' } }] },
        scopeLogs: [{ scope: { name: 'bitting.audit' }, logRecords: entries.map(logRecord) }],
      },
    ],
  })
}

/**
 * How many records an answer says were rejected, or null where it is no answer of an OTLP receiver. Empty text is one:
 * an answer without any field set.
 */
export function rejectedRecords(body: string | null): number | null {
  if (body === null) return null
  if (body.trim() === '') return 0
  let answer: unknown
  try {
    answer = JSON.parse(body)
  } catch {
    return null
  }
  if (!isObject(answer)) return null
  const partial = answer['partialSuccess'] ?? answer['partial_success'] ?? {}
  if (!isObject(partial)) return null
  const rejected = partial['rejectedLogRecords'] ?? partial['rejected_log_records'] ?? 0
  const count = typeof rejected === 'string' && /^\d{1,15}$/.test(rejected) ? Number(rejected) : rejected
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : null
}

function logRecord(entry: AuditEntry): object {
  const time = `${String(Date.parse(entry.at))}000000`
  const isSuccess = entry.outcome === 'success'
  return {
    timeUnixNano: time,
    observedTimeUnixNano: time,
    severityNumber: isSuccess ? INFO : WARN,
    severityText: isSuccess ? 'INFO' : 'WARN',
    eventName: entry.action,
    body: { stringValue: JSON.stringify(entry) },
    attributes: attributes(entry),
  }
}

function attributes(entry: AuditEntry): readonly { readonly key: string; readonly value: AnyValue }[] {
  const texts: Record<string, string | null> = {
    // OpenTelemetry's name for what two copies of one record have in common.
    'log.record.uid': `${entry.workspace}/${String(entry.index)}`,
    'bitting.workspace': entry.workspace,
    'bitting.action': entry.action,
    'bitting.outcome': entry.outcome,
    'bitting.reason': entry.reason,
    'bitting.operation': entry.operation,
    'bitting.actor.type': entry.actor.type,
    'bitting.actor.id': entry.actor.id,
    'bitting.resource.type': entry.resource.type,
    'bitting.resource.id': entry.resource.id,
    'bitting.request_id': entry.request_id,
    'client.address': entry.actor.address,
    'user_agent.original': entry.actor.user_agent,
  }
  return [
    { key: 'bitting.index', value: { intValue: String(entry.index) } },
    ...Object.entries(texts).flatMap(([key, text]) =>
      text === null ? [] : [{ key, value: { stringValue: text } }],
    ),
  ]
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
