/** When the images of several platforms are none for several. */
import { expect, test } from 'vitest';
import { parseDockerfile } from '../../formats/dockerfile/parse.ts';
import { parsePlatform } from '../../model/platform.ts';
import { assertDistinct } from './distinct.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };

function assertAs(came: readonly string[], asked: readonly string[], text: string, target?: string): void {
  const [images, platforms] = [came, asked].map((names) => names.map((name) => parsePlatform(name, AMD64)));
  const file = parseDockerfile(text, 'Dockerfile');
  assertDistinct(
    (images ?? []).map((platform) => ({ platform })),
    file,
    { platforms: platforms ?? [], target },
  );
}

const ASKED = ['linux/amd64', 'linux/arm64'];
const TWICE = ['linux/amd64', 'linux/amd64'];

test('each its own, variants too', () => {
  expect(() => assertAs(ASKED, ASKED, 'FROM base')).not.toThrow();
  const arms = ['linux/arm/v6', 'linux/arm/v7', 'linux/arm64'];
  expect(() => assertAs(arms, arms, 'FROM base')).not.toThrow();
  expect(() => assertAs(['linux/amd64'], ['linux/arm64'], 'FROM base')).not.toThrow();
});

test('the same twice is refused, with both platforms, the base and its line', () => {
  const text = 'FROM scratch AS other\nFROM base AS a\nFROM a AS b\nFROM other';
  expect(() => assertAs(TWICE, ASKED, text, 'b')).toThrow(
    expect.objectContaining({
      code: 'USAGE',
      message: expect.stringMatching(
        /^Dockerfile:2: linux\/amd64 and linux\/arm64 both come out as linux\/amd64, which is what base is for\n/,
      ),
      hint: expect.stringContaining('for each platform'),
    }),
  );
});

test('a variant written out is the same platform', () => {
  expect(() => assertAs(['linux/arm64', 'linux/arm64/v8'], ASKED, 'FROM base')).toThrow(/both come out as/);
});
