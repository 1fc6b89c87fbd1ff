/** How the pages look: as the system does, or always light or dark. */
export type Theme = 'system' | 'light' | 'dark'

/** Every theme, in the order in which they are offered. */
export const THEMES: readonly Theme[] = ['system', 'light', 'dark']

const STORED_AS = 'bitting-theme'

/** The theme that was chosen in this browser; `system` where none was, or where nothing can be kept. */
export function readTheme(): Theme {
  try {
    const stored = localStorage.getItem(STORED_AS)
    return stored === 'light' || stored === 'dark' ? stored : 'system'
  } catch {
    return 'system'
  }
}

/** Makes the pages look so. */
export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}

/** Makes the pages look so, now and when they are opened again in this browser. */
export function chooseTheme(theme: Theme): void {
  applyTheme(theme)
  try {
    localStorage.setItem(STORED_AS, theme)
  } catch {
    // Where nothing can be kept, the choice holds until the page is closed.
  }
}
