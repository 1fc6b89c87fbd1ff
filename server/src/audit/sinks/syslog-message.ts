import type { AuditEntry } from '@bitting/core'

/** What a syslog message says of its sender (RFC 5424 section 6.2). */
export interface SyslogOrigin {
  /** 0 to 23; 13 is the facility for audits. */
  readonly facility: number
  readonly hostname: string
  readonly processId: number
  /** The private enterprise number in the name of the structured data. */
  readonly enterprise: number
}

const NOTICE = 5
const WARNING = 4

/**
 * An entry as a message of RFC 5424: the workspace and index as structured data, which a receiver can drop repeated
 * messages by, and the entry's JSON as the text. What of the JSON is beyond ASCII is written as `\uXXXX`, so that the
 * message needs no byte order mark, which section 6.4 wants before UTF-8 and many receivers take for content.
 */
export function syslogMessage(entry: AuditEntry, origin: SyslogOrigin): string {
  const priority = origin.facility * 8 + (entry.outcome === 'success' ? NOTICE : WARNING)
  const header = [
    `<${String(priority)}>1`,
    entry.at,
    headerField(origin.hostname, 255),
    'bitting',
    String(origin.processId),
    headerField(entry.action, 32),
  ].join(' ')
  const data =
    `[bitting@${String(origin.enterprise)} log="${escapeValue(entry.workspace)}"` +
    ` index="${String(entry.index)}"]`
  return `${header} ${data} ${asciiJson(entry)}`
}

/** A message with its length before it, as RFC 6587 section 3.4.1 and RFC 5425 section 4.3 frame it. */
export function syslogFrame(message: string): string {
  return `${String(Buffer.byteLength(message))} ${message}`
}

/** The characters that a value of structured data cannot hold bare (RFC 5424 section 6.3.3). */
export function escapeValue(value: string): string {
  return value.replace(/["\\\]]/g, (character) => `\\${character}`)
}

function headerField(text: string, lengthMax: number): string {
  return text.replace(/[^\x21-\x7e]/g, '_').slice(0, lengthMax) || '-'
}

function asciiJson(entry: AuditEntry): string {
  return JSON.stringify(entry).replace(
    /[\x7f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
