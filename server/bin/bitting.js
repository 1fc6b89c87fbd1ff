#!/usr/bin/env node
import { existsSync } from 'node:fs'

const main = new URL('../dist/cli/main.js', import.meta.url)
if (existsSync(main)) {
  await (await import(main.href)).main()
} else {
  console.error('bitting: not built yet; run `npm start`, or `npm run build` first')
  process.exitCode = 70
}
