import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import axe, { type AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Resolves when nothing fades or moves any more, but for what never ends: half a fade is half a contrast. */
const STILL = `Promise.allSettled(document.getAnimations()
  .filter(({ effect }) => Number.isFinite(effect?.getComputedTiming().endTime))
  .map(({ finished }) => finished))`

/** What axe finds wrong with the page as it is, each with the places. */
export async function accessibilityFlaws(page: Page): Promise<string[]> {
  await page.evaluate(STILL)
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<AxeResults>(
    `axe.run(document, { runOnly: ${JSON.stringify(RULES)} })`,
  )
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

/** Everything that the document, the address, the history's state and the storages hold, as one text. */
export async function everythingKept(page: Page): Promise<string> {
  const inPage = await page.evaluate<string>(`JSON.stringify([
    document.documentElement.outerHTML,
    document.documentElement.textContent,
    [...document.querySelectorAll('input, textarea, select, output')].map((element) => element.value),
    location.href,
    history.state,
    { ...localStorage },
    { ...sessionStorage },
    document.cookie,
  ])`)
  const state = await page.context().storageState({ indexedDB: true })
  return inPage + JSON.stringify(state)
}

const IMAGES = fileURLToPath(new URL('../../docs/images/', import.meta.url))

/**
 * Takes a picture for the documents, in `docs/images/<name>.png`. Only where it is asked for with BITTING_SCREENSHOTS=1:
 * pictures differ a little each time.
 */
export async function picture(page: Page, name: string, fullPage = false): Promise<void> {
  if (process.env['BITTING_SCREENSHOTS'] !== '1') return
  mkdirSync(IMAGES, { recursive: true })
  await page.mouse.move(0, 0)
  await page.evaluate('scrollTo(0, 0)')
  await page.screenshot({ path: `${IMAGES}${name}.png`, fullPage })
}
