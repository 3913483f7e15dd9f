import { randomInt } from 'node:crypto'
import { defineConfig } from 'vitest/config'

const isSoak = process.env.PERWATT_SOAK === '1'

// One seed a run, so that every worker inherits it; test/support/counts.ts hands it to fast-check. `npm test` prints it.
process.env.PERWATT_SEED ??= String(randomInt(2 ** 31))

export default defineConfig({
  test: {
    environment: 'node',
    pool: 'forks',
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: ['test/e2e/**'],
          testTimeout: isSoak ? 600_000 : 20_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/support/desktop-session.ts'],
          fileParallelism: false,
          testTimeout: isSoak ? 600_000 : 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
    maxWorkers: 2,
  },
})
