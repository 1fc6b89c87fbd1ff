import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCli } from './support/run-cli.js'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bitting-catalog-'))
})

afterEach(() => {
  rmSync(directory, { recursive: true })
})

function write(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

const CATALOG = `catalog parcels
title Parcels
errors problem

section Ship
permission labels  none read edit  Labels
  Shipping labels

operations labels read
  GET  /v1/labels
  GET  /v1/labels/{id}
operations any
  GET  /v1/old
`

const DOCUMENT = {
  openapi: '3.1.0',
  servers: [{ url: 'https://api.example.com/v1/' }],
  paths: {
    '/labels': { get: {}, head: {}, post: {}, parameters: [] },
    '/labels/{label_id}': { $ref: '#/components/pathItems/Label' },
    'x-internal': { get: {} },
  },
  components: { pathItems: { Label: { get: {}, delete: {} } } },
}

describe('bitting catalog check', () => {
  it.each([
    ['JSON', JSON.stringify(DOCUMENT)],
    ['YAML', stringify(DOCUMENT)],
  ])('finds what each has alone, in %s', async (_, text) => {
    const catalog = write('parcels.catalog', CATALOG)
    const { exitCode, stdout } = await runCli([
      'catalog',
      'check',
      write('api', text),
      '--catalog',
      catalog,
      '--json',
    ])
    expect(JSON.parse(stdout)).toEqual({
      operations: 4,
      unmapped: [
        { method: 'POST', path: '/v1/labels' },
        { method: 'DELETE', path: '/v1/labels/{label_id}' },
      ],
      absent: [{ name: 'GET /v1/old', method: 'GET', path: '/v1/old' }],
    })
    expect(exitCode).toBe(5)
  })

  it('says it to people', async () => {
    const variables = { BITTING_CATALOG: write('parcels.catalog', CATALOG) }
    const { stdout, stderr } = await runCli(['catalog', 'check', write('api', JSON.stringify(DOCUMENT))], {
      variables,
    })
    expect(stdout).toBe(
      'Unmapped: 2 of 4 operations of the document\n' +
        '  POST    /v1/labels\n' +
        '  DELETE  /v1/labels/{label_id}\n' +
        '\n' +
        'Absent: 1 operation of the catalog is not in the document\n' +
        '  GET  /v1/old\n',
    )
    expect(stderr).toContain('bitting: what is unmapped is open to full keys alone\nhint: ')
  })

  it('ends with 0 when every operation is mapped, though the catalog has more', async () => {
    const paths = { '/v1/labels': { get: {} } }
    const file = write('api.json', JSON.stringify({ swagger: '2.0', paths }))
    const result = await runCli(['catalog', 'check', file, '--catalog', write('c', CATALOG)])
    expect(result.exitCode).toBe(0)
    expect(result.stdout).toContain('Every one of 1 operation of the document is in the catalog parcels.')
  })

  it.each([
    ['text', 'is no OpenAPI document'],
    ['{"openapi": ', 'is neither JSON nor YAML'],
    ['{"openapi": "3.1.0"}', 'has no paths'],
    ['{"paths": {"/x": {"$ref": "other.yaml"}}}', 'refers to other.yaml'],
  ])('refuses %j', async (text, message) => {
    const { exitCode, stderr } = await runCli(['catalog', 'check', write('api', text)])
    expect(exitCode).toBe(2)
    expect(stderr).toContain(message)
    expect(stderr).toContain('hint: ')
  })
})

describe('bitting catalog show', () => {
  it('shows the table of the page, with dashes where there is no Read', async () => {
    const { stdout } = await runCli(['catalog', 'show'])
    expect(stdout).toMatch(/^Build +Agent +agent:read +agent:edit +Agents and chat agents, /m)
    expect(stdout).toMatch(/^ +Export +– +export:edit +Creating and managing export requests/m)
    expect(stdout).toMatch(/^Deploy +Call +– +call:edit /m)
  })

  it('shows our own catalog, and the operations of any', async () => {
    expect((await runCli(['catalog', 'show', 'bitting'])).stdout).toMatch(
      /^Manage +Keys +keys:read +keys:edit/m,
    )
    const { stdout } = await runCli(['catalog', 'show', write('c', CATALOG), '--operations'])
    expect(stdout).toMatch(/^GET +\/v1\/labels\/\{id\} +labels:read/m)
    expect(stdout).toMatch(/^GET +\/v1\/old +any key/m)
  })

  it('says every flaw of a file, by its line', async () => {
    const { exitCode, stderr } = await runCli(['catalog', 'show', write('c', 'catalog x\nfoo\n')])
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/^ {2}.*c:2: Unknown word "foo"/m)
  })
})
