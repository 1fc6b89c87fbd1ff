import { FileSink } from './file-sink.js'
import { OtlpSink } from './otlp-sink.js'
import type { SinkSettings } from './parse-sinks.js'
import type { AuditSink } from './sink.js'
import { SplunkSink } from './splunk-sink.js'
import { StdoutSink } from './stdout-sink.js'
import { SyslogSink } from './syslog-sink.js'
import { WebhookSink } from './webhook-sink.js'

/**
 * The sink that settings describe. Nothing is connected or written before its first delivery.
 *
 * @throws {SinkError} when a certificate or key file that the settings name cannot be read
 */
export function createSink(settings: SinkSettings): AuditSink {
  switch (settings.kind) {
    case 'stdout':
      return new StdoutSink(settings.name)
    case 'file':
      return new FileSink(settings.name, settings.path, { maxBytes: settings.maxBytes, keep: settings.keep })
    case 'syslog':
      return new SyslogSink(settings.name, settings)
    case 'otlp':
      return new OtlpSink(settings.name, settings)
    case 'splunk':
      return new SplunkSink(settings.name, settings)
    case 'webhook':
      return new WebhookSink(settings.name, settings)
  }
}
