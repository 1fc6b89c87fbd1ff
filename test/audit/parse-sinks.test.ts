import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseEvidence } from '../../server/src/audit/evidence/parse-evidence.js'
import { parseSinks } from '../../server/src/audit/sinks/parse-sinks.js'

function sinksOf(text: string) {
  const result = parseSinks(text)
  if ('flaws' in result) throw new Error(result.flaws.join('\n'))
  return result.sinks
}

function flawsOf(text: string): readonly string[] {
  const result = parseSinks(text)
  return 'flaws' in result ? result.flaws : []
}

describe('the setting of the sinks', () => {
  it('reads every kind of address, separated by spaces and line ends', () => {
    const text = `stdout: file:/var/log/bitting/audit.jsonl?max_bytes=5000000&keep=3
      syslog+tcp://logs.example.com:80?facility=4
      syslog+tls://[2001:db8::1]?ca=/ca.pem&cert=/c.pem&key=/k%20y.pem&enterprise=99
      otlp+https://otel.example.com/v1/logs?header.authorization=Bearer%20a+b/c==&header.X-Team=ops
      otlp+http://127.0.0.1:4318/v1/logs
      splunk+https://:T-0-K@splunk.example.com:8088?index=main&sourcetype=my:type&ack=true
      webhook+https://hooks.example.com/in/s3cret?sig=abc%2F&header.x=y&name=pager`
    expect(sinksOf(text)).toEqual([
      { kind: 'stdout', name: 'stdout' },
      {
        kind: 'file',
        name: 'file:/var/log/bitting/audit.jsonl',
        path: '/var/log/bitting/audit.jsonl',
        maxBytes: 5_000_000,
        keep: 3,
      },
      {
        kind: 'syslog',
        name: 'syslog+tcp://logs.example.com:80',
        host: 'logs.example.com',
        port: 80,
        facility: 4,
        enterprise: 32473,
        tls: null,
      },
      {
        kind: 'syslog',
        name: 'syslog+tls://[2001:db8::1]:6514',
        host: '2001:db8::1',
        port: 6514,
        facility: 13,
        enterprise: 99,
        tls: { ca: '/ca.pem', cert: '/c.pem', key: '/k y.pem' },
      },
      {
        kind: 'otlp',
        name: 'otlp+https://otel.example.com',
        url: 'https://otel.example.com/v1/logs',
        headers: { authorization: 'Bearer a+b/c==', 'x-team': 'ops' },
        caFile: null,
      },
      {
        kind: 'otlp',
        name: 'otlp+http://127.0.0.1:4318',
        url: 'http://127.0.0.1:4318/v1/logs',
        headers: {},
        caFile: null,
      },
      {
        kind: 'splunk',
        name: 'splunk+https://splunk.example.com:8088',
        url: 'https://splunk.example.com:8088/services/collector/event',
        token: 'T-0-K',
        index: 'main',
        sourcetype: 'my:type',
        ack: true,
        caFile: null,
      },
      {
        kind: 'webhook',
        name: 'pager',
        url: 'https://hooks.example.com/in/s3cret?sig=abc%2F',
        headers: { x: 'y' },
        caFile: null,
      },
    ])
  })

  it('reads nothing as no sinks, and gives defaults', () => {
    expect(sinksOf(' \n ')).toEqual([])
    expect(sinksOf('file:/a/b%3Fc')).toMatchObject([{ path: '/a/b?c', maxBytes: 100_000_000, keep: 10 }])
    expect(sinksOf('syslog+tcp://h')).toMatchObject([{ port: 601, facility: 13 }])
    expect(sinksOf('splunk+https://:t@h/in')).toMatchObject([
      {
        url: 'https://h/in/services/collector/event',
        sourcetype: 'bitting:audit',
        index: null,
        ack: false,
      },
    ])
  })

  it('tells every flaw at once, and what to write instead', () => {
    const flaws = flawsOf(
      'stdout:x file:relative gopher://h syslog+tls://h?cert=/c webhook+http://example.com/ otlp+https://h/v1/logs?headers.a=b',
    )
    expect(flaws).toEqual([
      'BITTING_AUDIT_SINKS: address 1 (stdout): write stdout: and nothing after it',
      'BITTING_AUDIT_SINKS: address 2 (file): write an absolute path, file:/var/log/bitting/audit.jsonl for example',
      'BITTING_AUDIT_SINKS: address 3: begin it with one of stdout:, file:, syslog+tcp:, syslog+tls:, otlp+https:, otlp+http:, splunk+https:, splunk+http:, webhook+https:, webhook+http:',
      'BITTING_AUDIT_SINKS: address 4 (syslog+tls): give cert and key together, or neither',
      'BITTING_AUDIT_SINKS: address 5 (webhook+http): write webhook+https; plain HTTP goes to this machine only',
      'BITTING_AUDIT_SINKS: address 6 (otlp+https): parameter 1: there is no such parameter; there are ca, header.NAME, name',
    ])
  })

  it.each([
    ['file:/a?keep=0', /keep: write a whole number from 1/],
    ['file:/a?max_bytes=1e9', /max_bytes: write a whole number/],
    ['file:/a/', /a file, not of a directory/],
    ['file:/a?keep=1&keep=2', /give keep once/],
    ['file://host/a', /absolute path/],
    ['file:/a%zz', /absolute path/],
    ['file:/a?x=%zz', /write % as %25/],
    ['syslog+tcp://h:0', /a host and a port/],
    ['syslog+tcp://h:70000', /a host and a port/],
    ['syslog+tcp://u:p@h:1', /a host and a port/],
    ['syslog+tcp://h?facility=24', /facility: write a whole number from 0 to 23/],
    ['syslog+tcp://h?ca=/x', /no such parameter/],
    ['syslog+tls://h?ca=x.pem', /ca: write an absolute path/],
    ['otlp+https://h', /write the path too/],
    ['otlp+https:', /write a host/],
    ['otlp+https://u:p@h/v1/logs', /credentials as header.authorization/],
    ['otlp+https://h/v1/logs?header.host=x', /leave this field away/],
    ['otlp+https://h/v1/logs?header.a%20b=x', /the name of a field/],
    ['otlp+https://h/v1/logs?header.a=x%0Ay', /without line ends/],
    ['otlp+https://h/v1/logs?header.a=x&header.A=y', /give each field once/],
    ['otlp+https://h/v1/logs#x', /write # as %23/],
    ['splunk+https://h:8088', /write the token/],
    ['splunk+https://TOKEN@h:8088', /write the token/],
    ['splunk+https://:T@h?ack=yes', /ack: write true or false/],
    ['splunk+http://:T@h', /splunk\+https/],
    ['webhook+https://h/?name=NO', /name: write up to 63/],
    ['webhook+https://h/a webhook+https://h/a?header.x=y', /leads to the same place/],
  ])('has a flaw in %s', (text, flaw) => {
    const flaws = flawsOf(text)
    expect(flaws).toHaveLength(1)
    expect(flaws[0]).toMatch(flaw)
  })

  it('names addresses that differ in path or query apart, and the same ones alike', () => {
    const names = sinksOf('webhook+https://h/a webhook+https://h/b webhook+https://h/a?x=1').map(
      (s) => s.name,
    )
    expect(new Set(names).size).toBe(3)
    expect(sinksOf('webhook+https://h/a?header.x=changed')[0]!.name).toBe(names[0])
  })
})

describe('secrets in the settings', () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9]{24}$/)
  const fragments = [
    'splunk+https:',
    'otlp+https:',
    'webhook+http:',
    'syslog+tls:',
    'witness+https:',
    'file:',
    'stdout:',
    '//',
    '/',
    ':',
    '@',
    '?',
    '&',
    '=',
    '#',
    '%',
    ' ',
    'header.',
    'header.authorization=',
    'key=',
    'name=',
    'ack=',
    'host',
    '[',
    '%0A',
  ]

  it('are in no message, wherever in a wrong setting they stand', () => {
    let flawed = 0
    fc.assert(
      fc.property(
        secret,
        fc.array(fc.oneof(fc.constantFrom(...fragments), fc.constant(null)), { maxLength: 20 }),
        (hidden, parts) => {
          const text = parts.map((part) => part ?? hidden).join('')
          for (const result of [parseSinks(text), parseEvidence(text)]) {
            if (!('flaws' in result)) continue
            flawed++
            for (const flaw of result.flaws) expect(flaw).not.toContain(hidden)
          }
        },
      ),
      { numRuns: 3000 },
    )
    expect(flawed).toBeGreaterThan(1000)
  })

  it('are in no name', () => {
    fc.assert(
      fc.property(secret, (hidden) => {
        const text = `splunk+https://:${hidden}@h otlp+https://h/v1/logs?header.authorization=${hidden}
          otlp+https://h/${hidden} webhook+https://h/${hidden} webhook+https://h/?sig=${hidden}`
        const names = sinksOf(text).map((sink) => sink.name)
        expect(names).toHaveLength(5)
        expect(names.join(' ')).not.toContain(hidden)
      }),
    )
  })
})
