/** The page for webhooks: which key signs, where they go, and what became of each delivery. */

import { startApp } from './webhooks/app.js'

const main = document.querySelector('main')
if (main === null) throw new Error('the page lacks its <main>')
startApp(main)
