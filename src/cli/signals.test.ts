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

/** Starts the program; `said` resolves when it has printed the line. */
function program(source: string) {
  const { child, ended } = start([process.execPath, '--input-type=module', '-e', source]);
  let printed = '';
  const said = (line: string) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (printed.includes(`${line}\n`)) resolve();
      };
      look();
      child.stdout?.on('data', (piece: Buffer) => {
        printed += piece.toString();
        look();
      });
    });
  return { child, ended, said };
}

test('the first signal aborts, a second one ends the process at once', async () => {
  const { child, ended, said } = program(STUBBORN);
  await said('ready');
  child.kill('SIGINT');
  await said('aborted 130');
  await new Promise((resolve) => setTimeout(resolve, 300));
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ status: 130, stdout: 'ready\naborted 130\n' });
});

test('signals that are taken abort nothing, until they are given back', async () => {
  const { child, ended, said } = program(TAKING);
  await said('ready');
  child.kill('SIGTERM');
  await said('got SIGTERM false');
  child.kill('SIGUSR1');
  await said('got SIGUSR1 false');
  child.kill('SIGHUP');
  expect(await ended).toMatchObject({ status: 129, stdout: 'ready\ngot SIGTERM false\ngot SIGUSR1 false\naborted\n' });
});
