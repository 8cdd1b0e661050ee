/** Pushing to a registry that suffers, and from one to another. @module */
import { test } from 'vitest';
import { runTrials } from './trials.ts';

test('600 schedules: a registry gets the image whole or not at all', async () => {
  await runTrials(['layout → registry', 'registry → registry', 'layout → registry'], 600);
}, 300_000);
