import { readFile } from 'node:fs/promises'
import { CommandError } from '../command-error.js'
import { EXIT } from '../exit-codes.js'

/** A method and path of an OpenAPI document, under the path of its first server. */
export interface DocumentOperation {
  readonly method: string
  readonly path: string
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const

type Json = Readonly<Record<string, unknown>>

/**
 * The operations of an OpenAPI document (2.0 to 3.1, JSON or YAML), in its order. HEAD is left out: a gateway judges
 * it as the GET of the same path.
 *
 * @throws {CommandError} when the file is no such document
 */
export async function readOpenapi(file: string): Promise<DocumentOperation[]> {
  const { parse } = await import('yaml')
  const document = parseDocument(file, await readFile(file, 'utf8'), parse)
  const paths = document['paths']
  if (!isJson(paths)) {
    throw badDocument(file, 'has no paths', 'name an OpenAPI document, as JSON or YAML')
  }
  const base = basePathOf(document)
  return Object.entries(paths)
    .filter(([path]) => path.startsWith('/'))
    .flatMap(([path, item]) => {
      const resolved = resolveItem(file, document, item)
      return METHODS.filter((method) => method !== 'head' && isJson(resolved[method])).map((method) => ({
        method: method.toUpperCase(),
        path: base + path,
      }))
    })
}

function parseDocument(file: string, text: string, parseYaml: (text: string) => unknown): Json {
  try {
    // JSON is YAML too, but its own parser is much faster.
    const document: unknown = /^\s*\{/.test(text) ? JSON.parse(text) : parseYaml(text)
    if (isJson(document)) return document
  } catch (error) {
    const [line = ''] = error instanceof Error ? error.message.split('\n') : []
    throw badDocument(file, 'is neither JSON nor YAML', line)
  }
  throw badDocument(file, 'is no OpenAPI document', 'name an OpenAPI document, as JSON or YAML')
}

/** Where the first server puts the paths: requests carry this path too, so catalogs do. */
function basePathOf(document: Json): string {
  const servers = document['servers']
  const first: unknown = Array.isArray(servers) ? servers[0] : undefined
  const url = isJson(first) && typeof first['url'] === 'string' ? first['url'] : undefined
  if (url === undefined)
    return typeof document['basePath'] === 'string' ? trimSlash(document['basePath']) : ''
  return URL.canParse(url, 'http://server') ? trimSlash(new URL(url, 'http://server').pathname) : ''
}

function trimSlash(path: string): string {
  return path.replace(/\/+$/, '')
}

/** A path item, followed where it stands elsewhere in the document. */
function resolveItem(file: string, document: Json, item: unknown): Json {
  if (!isJson(item)) return {}
  const reference = item['$ref']
  if (typeof reference !== 'string') return item
  if (!reference.startsWith('#/')) {
    throw badDocument(file, `refers to ${reference}`, 'bundle the document into one file first')
  }
  let target: unknown = document
  for (const step of reference.slice(2).split('/')) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    target = isJson(target) ? target[name] : undefined
  }
  return isJson(target) ? target : {}
}

function badDocument(file: string, message: string, hint: string): CommandError {
  return new CommandError(`${file} ${message}`, { hint, exitCode: EXIT.usage })
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
