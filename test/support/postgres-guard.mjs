// Runs a PostgreSQL for as long as its standard input stays open. That closes with the process that holds the other
// end, however it ends, so neither an interrupt nor a SIGKILL leaves a server or its files behind.
import { spawn } from 'node:child_process'
import { openSync, rmSync } from 'node:fs'

const { directory, log, command, parameters, options } = JSON.parse(process.argv[2])

const output = openSync(log, 'a')
const server = spawn(command, parameters, { ...options, detached: true, stdio: ['ignore', output, output] })
let stopping = false

server.on('exit', () => {
  if (stopping) rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  process.exit(stopping ? 0 : 1)
})

process.stdin.on('close', () => {
  stopping = true
  server.kill('SIGQUIT')
})
process.stdin.resume()
