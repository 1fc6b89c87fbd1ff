import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** The files that take minutes, by name: begun first, so that they do not run on alone when all others are done. */
const LONG = /(?:crash-\w+|tampering|http\/audit-\w+|bad-input|webhooks-look)\.test\.ts$/

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification): boolean => LONG.test(moduleId)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

export default defineConfig({
  resolve: {
    alias: {
      '@bitting/core': source('core/src/index.ts'),
      // The longer name first: an alias also stands for what begins with it.
      '@bitting/client/webhooks': source('client/src/webhooks/index.ts'),
      '@bitting/client': source('client/src/index.ts'),
    },
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/postgres-global.ts'],
    sequence: { sequencer: LongestFirst },
    // By itself one fewer than there are cores, which on two would run file after file, most of them waiting.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
