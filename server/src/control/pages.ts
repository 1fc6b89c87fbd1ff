import { readFile } from 'node:fs/promises'
import type { ControlApp } from './environment.js'

const DASHBOARD = new URL('../../../dashboard/', import.meta.url)

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
}

/** Every file that is served, by its path. A closed list: no path from outside ever reaches the file system. */
const PAGES = {
  '/setup': { file: 'public/setup.html', type: 'text/html; charset=utf-8' },
  '/assets/bitting.css': { file: 'public/bitting.css', type: 'text/css; charset=utf-8' },
  '/assets/setup.js': { file: 'dist/setup.js', type: 'text/javascript; charset=utf-8' },
} as const

/** Adds the pages for people. They talk to the management API like any other client. */
export function addPages(app: ControlApp): void {
  for (const [path, { file, type }] of Object.entries(PAGES)) {
    app.get(path, async (c) => {
      const body = await readFile(new URL(file, DASHBOARD), 'utf8')
      return c.body(body, 200, { ...HEADERS, 'Content-Type': type })
    })
  }
}
