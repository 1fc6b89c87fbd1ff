import type { ControlApp } from './environment.js'
import { loadDashboard, type Dashboard } from './dashboard-files.js'

const DASHBOARD = new URL('../../../dashboard/dist/app/', import.meta.url)

const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  'Cache-Control': 'no-store',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
}

const HTML = 'text/html; charset=utf-8'

/** The addresses of the dashboard's pages, all of which are the one `index.html`: those of `dashboard/src/router.tsx`. */
export const PAGES = [
  '/',
  '/setup',
  '/sign-in',
  '/invitation',
  '/keys',
  '/keys/:key{[0-9A-Za-z_-]+}',
  '/webhooks',
  '/webhooks/:endpoint{[0-9A-Za-z_-]+}',
  '/webhooks/:endpoint{[0-9A-Za-z_-]+}/deliveries/:event{[0-9A-Za-z_-]+}',
  '/audit',
  '/audit/:index{[0-9]+}',
  '/settings',
  '/settings/:part{workspace|members|sign-in|catalog|audit|appearance}',
  '/account',
] as const

/** Where each document of `docs/` is read. Problem types lead here. */
export const DOCUMENT_PAGE = '/docs/:name{[a-z-]+}'

/**
 * Adds the pages for people. They talk to the management API like any other client. What is served is a closed list: no
 * path from outside ever reaches the file system.
 */
export function addPages(app: ControlApp): void {
  // Read when somebody first asks, and kept: a node without visitors needs none of it.
  let dashboard: Promise<Dashboard> | null = null
  const files = (): Promise<Dashboard> => {
    dashboard ??= loadDashboard(DASHBOARD).catch((error: unknown) => {
      dashboard = null
      throw error
    })
    return dashboard
  }
  for (const path of PAGES) {
    app.get(path, async (c) => c.body((await files()).page, 200, { ...HEADERS, 'Content-Type': HTML }))
  }
  app.get('/docs', (c) => c.redirect('/docs/dashboard', 302))
  app.get(DOCUMENT_PAGE, async (c, next) => {
    const document = (await files()).documents.get(c.req.param('name'))
    return document === undefined ? next() : c.body(document, 200, { ...HEADERS, 'Content-Type': HTML })
  })
  app.get('/assets/app/:name', async (c, next) => {
    const asset = (await files()).assets.get(c.req.path)
    if (asset === undefined) return next()
    const zipped = /\bgzip\b/.test(c.req.header('accept-encoding') ?? '')
    return c.body(zipped ? asset.gzip : asset.plain, 200, {
      ...HEADERS,
      // Its name changes with its content.
      'Cache-Control': 'public, max-age=31536000, immutable',
      'Content-Type': asset.type,
      Vary: 'Accept-Encoding',
      ...(zipped && { 'Content-Encoding': 'gzip' }),
    })
  })
}
