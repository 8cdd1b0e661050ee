import { expect, it } from 'vitest';
import { mutate, randomBytes, randomSource } from '../../../scripts/mutate.ts';
import { dockerfile, dockerfileValues, dockerfileWords, dockerignore } from '../../../test/fuzz/dockerfile.ts';
import { ImageError } from '../../base/errors.ts';
import { expandWord } from './expand.ts';
import { compileIgnore } from './ignore.ts';
import { lint } from './lint/lint.ts';
import { parseDockerfile } from './parse.ts';
import { parsePorts } from './ports.ts';

it.each([dockerfile, dockerfileWords, dockerignore, dockerfileValues])(
  '$name: changed input raises nothing but typed errors',
  ({ name, run, seeds }) => {
    const random = randomSource(1);
    const all = seeds();
    for (const seed of all) run(seed);
    let accepted = 0;
    for (let i = 0; i < 1500; i++) {
      try {
        run(i % 10 === 0 ? randomBytes(random) : mutate(all, random));
        accepted++;
      } catch (error) {
        expect(error).toBeInstanceOf(ImageError);
        if (name === 'dockerfile') expect((error as ImageError).code).toBe('INVALID');
      }
    }
    expect(accepted).toBeGreaterThan(50);
  },
);

/** Texts of some 200 kB, made so that reading them again and again would take minutes. */
const MANY = 100_000;
const SPACES = ' '.repeat(MANY);
it.each<[string, () => unknown]>([
  ['spaces before something', () => parseDockerfile(`FROM a${SPACES}as${SPACES}b\nRUN a${SPACES}\\${SPACES}b\n`)],
  ['spaces in a check', () => parseDockerfile(`# check=a${SPACES}b${SPACES}\nFROM a`)],
  ['carriage returns', () => parseDockerfile(`FROM a\nRUN b${'\r'.repeat(MANY)}c`)],
  [
    'heredocs that nothing ends',
    () => parseDockerfile(`FROM a\nRUN x ${'<< E '.repeat(MANY / 10)}${'\nRUN y'.repeat(MANY / 10)}`),
  ],
  ['blank lines', () => lint(parseDockerfile(`FROM a${'\nRUN b \\\n\n\n c'.repeat(MANY / 10)}`))],
  ['digits', () => parseDockerfile(`FROM a\nHEALTHCHECK --interval=${'1'.repeat(MANY)} CMD b`)],
  ['quotes', () => parseDockerfile(`FROM a\nRUN ${`--mount="'`.repeat(MANY / 10)}`)],
  [
    'unknown variables',
    () => lint(parseDockerfile(`FROM scratch\nUSER ${Array.from({ length: MANY / 10 }, (_, i) => `$a${i}`).join('')}`)),
  ],
  ['patterns', () => expandWord('${a##*b*c}'.repeat(1000), () => SPACES)],
  ['ports', () => parsePorts(Array.from({ length: MANY }, () => '1-65535'))],
  ['deep paths', () => compileIgnore(['**/a?', '!b*']).matches('x/'.repeat(20_000))],
])('%s take no time', (_, run) => {
  const started = process.cpuUsage();
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ImageError);
  }
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 1e6).toBeLessThan(3);
});
