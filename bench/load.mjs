import { Pool } from 'undici'

const CONNECTIONS = 64

/**
 * Sends as many requests as are asked for over 64 connections, one at a time on each, and returns the wall time in
 * microseconds. Everything but 200 is an error: a refused request would be a fast one.
 */
export async function load(origin, requests, requestAt) {
  const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 })
  let sent = 0
  const begun = process.hrtime.bigint()
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (sent < requests) {
        const { statusCode, body } = await pool.request(requestAt(sent++))
        await body.dump()
        if (statusCode !== 200) throw new Error(`a request was answered with ${statusCode}`)
      }
    }),
  )
  const took = Number(process.hrtime.bigint() - begun) / 1000
  await pool.close()
  return took
}

/** The processor time that one request costs a server, in microseconds, after a warm-up. */
export async function cpuPerRequest(side, requests, requestAt) {
  await load(side.origin, requests / 4, requestAt)
  const before = await side.cpu()
  const wall = await load(side.origin, requests, requestAt)
  return { cpu: ((await side.cpu()) - before) / requests, wall: wall / requests }
}
