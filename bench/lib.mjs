import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** The middle of some numbers: what one disturbed run cannot move. */
export function median(values) {
  const sorted = [...values].sort((left, right) => left - right)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** A ratio as it is printed: the median and, because machines differ from run to run, the least and the most. */
export function ratioText(ratios) {
  const text = (value) => value.toFixed(2)
  return `${text(median(ratios))}  (${text(Math.min(...ratios))} to ${text(Math.max(...ratios))}, ${ratios.length} processes a side)`
}

/** Prints one figure under a title. */
export function print(name, text, aim = '') {
  console.log(`  ${name.padEnd(58)} ${text}${aim === '' ? '' : `   aim: ${aim}`}`)
}

/** Runs a case to its end in a process of its own and returns what it prints as JSON. */
export async function runCase(file, ...parameters) {
  const child = start(file, parameters)
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  const [status] = await once(child, 'close')
  if (status !== 0) throw new Error(`bench/cases/${file} failed with exit code ${status}`)
  return JSON.parse(output)
}

/**
 * Starts a case that serves: it prints one line of JSON when it is ready and one with its processor time when it is
 * told to stop.
 */
export async function startCase(file, ...parameters) {
  const child = start(file, parameters)
  const lines = []
  let waiting = null
  let rest = ''
  child.stdout.on('data', (chunk) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop()
    lines.push(...parts)
    waiting?.()
  })
  const nextLine = async () => {
    while (lines.length === 0) {
      if (child.exitCode !== null) throw new Error(`bench/cases/${file} ended early`)
      await new Promise((resolve) => {
        waiting = resolve
        child.once('close', resolve)
      })
    }
    return JSON.parse(lines.shift())
  }
  const ready = await nextLine()
  return {
    ...ready,
    /** The processor time used so far, in microseconds. */
    cpu: async () => {
      child.stdin.write('cpu\n')
      return (await nextLine()).cpu
    },
    stop: async () => {
      child.stdin.end()
      await once(child, 'close')
    },
  }
}

/** The other side of {@link startCase}: says that it is ready, answers for processor time, and ends with its input. */
export function answerParent(ready) {
  console.log(JSON.stringify(ready))
  process.stdin.on('data', () => {
    const { user, system } = process.cpuUsage()
    console.log(JSON.stringify({ cpu: user + system }))
  })
  process.stdin.on('end', () => process.exit(0))
}

function start(file, parameters) {
  const path = fileURLToPath(new URL(`cases/${file}`, import.meta.url))
  return spawn(process.execPath, ['--no-warnings', path, ...parameters.map(String)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}
