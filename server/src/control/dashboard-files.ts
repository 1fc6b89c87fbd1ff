import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

/** A built file of the dashboard. */
export interface DashboardAsset {
  readonly type: string
  readonly plain: Uint8Array<ArrayBuffer>
  readonly gzip: Uint8Array<ArrayBuffer>
}

/** The built dashboard. */
export interface Dashboard {
  /** The one HTML document of all pages. */
  readonly page: string
  /** The documents as pages, by their names: `problems` is `docs/problems.md`. */
  readonly documents: ReadonlyMap<string, string>
  /** By their paths, `/assets/app/index-C93c7iZ.css`. */
  readonly assets: ReadonlyMap<string, DashboardAsset>
}

/** What Vite's manifest tells of an output: its name, and the style sheets and other files that it needs. */
interface ManifestEntry {
  readonly file: string
  readonly css?: readonly string[]
  readonly assets?: readonly string[]
}

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  woff2: 'font/woff2',
}

/**
 * Reads the built dashboard: what the build's manifest lists and the documents, and nothing else of the folder.
 *
 * @throws {Error} when it was not built
 */
export async function loadDashboard(folder: URL): Promise<Dashboard> {
  const manifest = JSON.parse(await readFile(new URL('.vite/manifest.json', folder), 'utf8')) as Record<
    string,
    ManifestEntry
  >
  const names = new Set(
    Object.values(manifest).flatMap(({ file, css = [], assets = [] }) => [file, ...css, ...assets]),
  )
  names.delete('index.html')
  const assets = await Promise.all(
    [...names].map(async (name): Promise<[string, DashboardAsset]> => [`/${name}`, await load(name, folder)]),
  )
  const page = await readFile(new URL('index.html', folder), 'utf8')
  return { page, documents: await loadDocuments(new URL('docs/', folder)), assets: new Map(assets) }
}

async function loadDocuments(folder: URL): Promise<Map<string, string>> {
  const files = await readdir(folder)
  const documents = files.map(async (file): Promise<[string, string]> => {
    return [file.replace(/\.html$/, ''), await readFile(new URL(file, folder), 'utf8')]
  })
  return new Map(await Promise.all(documents))
}

async function load(name: string, folder: URL): Promise<DashboardAsset> {
  const plain = await readFile(new URL(name, folder))
  const zipped = await promisify(gzip)(plain)
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream'
  return { type, plain: new Uint8Array(plain), gzip: new Uint8Array(zipped) }
}
