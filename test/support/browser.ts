import { existsSync, mkdirSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { chromium as playwright, type Browser } from 'playwright-core'
import chromium from '@sparticuz/chromium'

/**
 * What the package adds for its own surroundings. In one process all windows share one jar of cookies, so that two people
 * cannot be told apart; and pages are to be tested under the rules that browsers hold them to.
 */
const UNWANTED = new Set([
  '--single-process',
  '--disable-web-security',
  '--allow-running-insecure-content',
  '--disable-site-isolation-trials',
])

/** Starts the Chromium that comes inside an npm package, with the libraries that it brings for machines that lack them. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = await unpackChromium()
  const libraries = join(dirname(executablePath), 'al2023', 'lib')
  return playwright.launch({
    executablePath,
    headless: true,
    args: [
      ...chromium.args.filter((argument) => !UNWANTED.has(argument)),
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

/** The package unpacks itself into the temporary directory; each user needs a folder of their own there. */
async function unpackChromium(): Promise<string> {
  const before = process.env['TMPDIR']
  const folder = join(tmpdir(), `bitting-chromium-${userInfo().username}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  process.env['TMPDIR'] = folder
  try {
    return await chromium.executablePath()
  } finally {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  }
}
