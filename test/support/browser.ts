import { dirname, join } from 'node:path'
import { existsSync } from 'node:fs'
import { chromium as playwright, type Browser } from 'playwright-core'
import chromium from '@sparticuz/chromium'

/** Starts the Chromium that comes inside an npm package, with the libraries that it brings for machines that lack them. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = await chromium.executablePath()
  const libraries = join(dirname(executablePath), 'al2023', 'lib')
  return playwright.launch({
    executablePath,
    headless: true,
    args: [
      ...chromium.args,
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    env: {
      ...process.env,
      ...(existsSync(libraries) && {
        LD_LIBRARY_PATH: [libraries, process.env['LD_LIBRARY_PATH']].join(':'),
      }),
    },
  })
}
