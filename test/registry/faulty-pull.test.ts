/** Pulling from a registry that suffers. @module */
import { test } from 'vitest';
import { runTrials } from './trials.ts';

test('400 schedules: a layout, or the store, gets the image whole or not at all', async () => {
  await runTrials(['registry → layout', 'registry → store'], 400);
}, 300_000);
