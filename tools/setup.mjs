// Makes a fresh clone ready: installs what package-lock.json names, when node_modules does not hold that yet.
// Run by `npm start`, `npm test` and `npm run bench`, so that each of them is the only command a newcomer needs.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const stamp = `${root}node_modules/.bitting-setup`
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`bitting: Node 20.19 or newer is needed; this is ${process.versions.node}`)
  process.exit(1)
}

// The version of Node counts too: a native addon that fits one may not fit another.
const wanted = createHash('sha256')
  .update(readFileSync(`${root}package-lock.json`))
  .update(`${process.platform}-${process.arch}-${major}`)
  .digest('hex')

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  console.error('bitting: installing dependencies (once)')
  // No package runs a script of its own here, whatever the user's npm is set to.
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync(npm, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (status !== 0) {
    console.error('bitting: npm ci failed; the lines above say why')
    process.exit(status ?? 1)
  }
  writeFileSync(stamp, wanted)
}
