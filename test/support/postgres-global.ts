import type { TestProject } from 'vitest/node'
import { startPostgres } from './postgres.js'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The URL of the run's PostgreSQL, as its superuser. */
    postgresUrl: string
  }
}

/** Starts one PostgreSQL for the whole run; what comes back stops it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres()
  project.provide('postgresUrl', server.url)
  return () => server.stop()
}
