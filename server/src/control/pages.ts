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

const HTML = 'text/html; charset=utf-8'
const CSS = 'text/css; charset=utf-8'
const SCRIPT = 'text/javascript; charset=utf-8'

/** The modules of the page for webhooks, by their names in the dashboard. */
const WEBHOOK_MODULES = [
  'api',
  'app',
  'delivery-list',
  'delivery-screen',
  'dialog',
  'dom',
  'endpoint-actions',
  'endpoint-form',
  'endpoint-list',
  'endpoint-screen',
  'field',
  'form-dialog',
  'format',
  'key-card',
  'key-dialogs',
  'live',
  'notice',
  'overview',
  'parts',
  'probe-view',
  'route',
  'secret-dialog',
  'sign-in',
  'transport',
] as const

/** Every file that is served, by its path. A closed list: no path from outside ever reaches the file system. */
const PAGES: Readonly<Record<string, { readonly file: string; readonly type: string }>> = {
  '/setup': { file: 'public/setup.html', type: HTML },
  '/webhooks': { file: 'public/webhooks.html', type: HTML },
  '/assets/bitting.css': { file: 'public/bitting.css', type: CSS },
  '/assets/webhooks.css': { file: 'public/webhooks.css', type: CSS },
  '/assets/setup.js': { file: 'dist/setup.js', type: SCRIPT },
  '/assets/webhooks.js': { file: 'dist/webhooks.js', type: SCRIPT },
  ...Object.fromEntries(
    WEBHOOK_MODULES.map((name) => [
      `/assets/webhooks/${name}.js`,
      { file: `dist/webhooks/${name}.js`, type: SCRIPT },
    ]),
  ),
}

/** Adds the pages for people. They talk to the management API like any other client. */
export function addPages(app: ControlApp): void {
  for (const [path, { file, type }] of Object.entries(PAGES)) {
    app.get(path, async (c) => {
      const body = await readFile(new URL(file, DASHBOARD), 'utf8')
      return c.body(body, 200, { ...HEADERS, 'Content-Type': type })
    })
  }
}
