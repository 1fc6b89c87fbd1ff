// Runs before the first paint, so that nobody who chose dark is shown a white page first. It is served as a classic
// script, so it imports nothing; `theme.ts` says what is stored.
try {
  const stored = localStorage.getItem('bitting-theme')
  if (stored === 'light' || stored === 'dark') document.documentElement.dataset['theme'] = stored
} catch {
  // Where nothing is kept, the system's theme holds.
}
