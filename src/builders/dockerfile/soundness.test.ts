import { expect, test } from 'vitest';
import { AMD64, SETTINGS } from '../../../test/solving.ts';
import { parseDockerfile } from '../../formats/dockerfile/parse.ts';
import type { BuildSettings } from './context.ts';
import { assertSound } from './soundness.ts';

/** The first line of what is wrong. */
function wrongIn(text: string, settings: Partial<BuildSettings> = {}): string | undefined {
  try {
    assertSound(parseDockerfile(text, 'Dockerfile'), AMD64, { ...SETTINGS, ...settings });
    return undefined;
  } catch (error) {
    return (error as Error).message.split('\n')[0];
  }
}

test('a mistake is found in any stage, whatever stands on an image nobody has looked at', () => {
  expect(wrongIn('FROM debian\nSTOPSIGNAL FOO\nFROM scratch')).toMatch(/^Dockerfile:2: STOPSIGNAL FOO/);
  expect(wrongIn('FROM debian AS a\nFROM a\nARG M=9\nCOPY --chmod=$M a b')).toMatch(/^Dockerfile:4: "9"/);
  expect(wrongIn('FROM scratch\nCOPY --from=2 a b')).toMatch(/^Dockerfile:2: .*no stage 2/);
  expect(wrongIn('ARG A=${B?needed}\nFROM scratch')).toMatch(/^Dockerfile:1: .*B is required/);
});

test('what the base may have set is not judged, nor what depends on it', () => {
  expect(wrongIn('FROM debian\nVOLUME $DATA')).toBeUndefined();
  expect(wrongIn('FROM scratch\nVOLUME $DATA')).toMatch(/^Dockerfile:2: /);
  expect(wrongIn('FROM debian\nENV S=FOO\nENV S=$OWN\nSTOPSIGNAL $S')).toBeUndefined();
  expect(wrongIn('FROM debian\nENV S=FOO\nENV $N=$OWN\nSTOPSIGNAL $S')).toBeUndefined();
  expect(wrongIn('FROM debian AS a\nFROM a\nARG S\nSTOPSIGNAL $S')).toBeUndefined();
  expect(wrongIn('FROM scratch\nVOLUME $DATA', { contexts: new Map([['scratch', '.']]) })).toBeUndefined();
});

test('what the command line says counts', () => {
  const text = 'FROM debian\nARG S=TERM\nSTOPSIGNAL $S';
  expect(wrongIn(text)).toBeUndefined();
  expect(wrongIn(text, { args: new Map([['S', 'FOO']]) })).toMatch(/^Dockerfile:3: STOPSIGNAL FOO/);
});
