import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { start } from '../../test/cli/pare.ts';

const SIGNALS = fileURLToPath(new URL('./signals.ts', import.meta.url));

/** A program that does not stop when it is asked to. */
const STUBBORN = `
import { watchSignals } from ${JSON.stringify(SIGNALS)};
const abort = new AbortController();
const watch = watchSignals(abort);
abort.signal.addEventListener('abort', () => console.log('aborted', watch.status()));
setInterval(() => undefined, 1000);
console.log('ready');
`;

/** Takes the signals for itself, as run does for its program. */
const TAKING = `
import { watchSignals } from ${JSON.stringify(SIGNALS)};
const abort = new AbortController();
const watch = watchSignals(abort);
const held = watch.take((name) => { console.log('got', name, abort.signal.aborted); if (name === 'SIGUSR1') held[Symbol.dispose](); });
const end = setInterval(() => { if (abort.signal.aborted) { console.log('aborted'); clearInterval(end); process.exit(watch.status()); } }, 20);
console.log('ready');
`;

const program = (source: string) => start([process.execPath, '--input-type=module', '-e', source]);

test('the first signal aborts, a second one ends the process at once', async () => {
  const { child, ended, said } = program(STUBBORN);
  await said('ready\n');
  child.kill('SIGINT');
  await said('aborted 130\n');
  await new Promise((resolve) => setTimeout(resolve, 300));
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ status: 130, stdout: 'ready\naborted 130\n' });
});

test('signals that are taken abort nothing, until they are given back', async () => {
  const { child, ended, said } = program(TAKING);
  await said('ready\n');
  child.kill('SIGTERM');
  await said('got SIGTERM false\n');
  child.kill('SIGUSR1');
  await said('got SIGUSR1 false\n');
  child.kill('SIGHUP');
  expect(await ended).toMatchObject({ status: 129, stdout: 'ready\ngot SIGTERM false\ngot SIGUSR1 false\naborted\n' });
});
