import { defineConfig } from 'vitest/config';
import { OFFLINE } from './test/offline.ts';

/** `unit` beside the sources and fast; `e2e` with real programs, root and runc; `labs` long experiments, by hand. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/labs/**'],
          env: OFFLINE,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 600_000,
          // Servers listen on the ports that clients expect: two files at once would meet there.
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'labs',
          include: ['test/labs/**/*.test.ts'],
          testTimeout: 3_600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
