import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const everywhere = { exclude: ['**/node_modules/**', '**/dist/**'], testTimeout: 20_000, hookTimeout: 60_000 }

// One group after the other, so that browsers and installs do not take the processor from the packages' own tests.
export default defineConfig({
  test: {
    // What servers under test tell their operators. Tests that are about it take it by `log`.
    onConsoleLog: (text) => !text.startsWith('drawbridge '),
    projects: [
      {
        test: {
          ...everywhere,
          name: 'packages',
          include: ['packages/**/src/**/*.test.ts', 'packages/core/model/*.test.ts'],
          // On two processors the default is one worker; browsers, later, take the other by themselves.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: { ...everywhere, name: 'apps', include: ['apps/**/*.test.ts'], sequence: { groupOrder: 1 } },
      },
      {
        test: {
          ...everywhere,
          name: 'repository',
          include: ['scripts/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
