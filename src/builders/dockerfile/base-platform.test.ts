/** An image that is for another platform than the one that is built. */
import { expect, test } from 'vitest';
import { AMD64, solving } from '../../../test/solving.ts';
import type { Platform } from '../../formats/oci/types.ts';

/** @param base what the image is for @returns what the checks say */
async function built(text: string, platform: string, base: Platform): Promise<readonly string[]> {
  const { failure, checks } = await solving(text, { platform, images: { base: { platform: base } } });
  expect(failure).toBeUndefined();
  return checks;
}

test('another architecture is told, with the line of FROM', async () => {
  const text = 'ARG NAME=base\nFROM $NAME AS a\nFROM a';
  const said = 'the base image base is for linux/amd64, and linux/arm64 is wanted';
  expect(await built(text, 'linux/arm64', AMD64)).toEqual([`2 InvalidBaseImagePlatform: ${said}`]);
  expect(await built(text, 'linux/amd64', AMD64)).toEqual([]);
});

test('what FROM --platform asks for is what counts', async () => {
  expect(await built('FROM --platform=$BUILDPLATFORM base', 'linux/arm64', AMD64)).toEqual([]);
  expect(await built('FROM --platform=linux/foo base', 'linux/amd64', AMD64)).toEqual([
    expect.stringMatching(/^1 InvalidBaseImagePlatform: .*linux\/foo/),
  ]);
});

test('nothing is said of scratch, of other spellings and of variants', async () => {
  expect(await built('FROM scratch', 'linux/arm64', AMD64)).toEqual([]);
  expect(await built('FROM base', 'linux/x86_64', AMD64)).toEqual([]);
  expect(await built('FROM base', 'linux/arm/v5', { os: 'linux', architecture: 'arm' })).toEqual([]);
});

test('an image that files are taken from is to be for the platform of the result', async () => {
  const text = 'FROM scratch\nCOPY --from=tools /x /\nSTOPSIGNAL FOO';
  const images = { tools: { platform: AMD64 } };
  const said = expect.stringMatching(/^2 InvalidBaseImagePlatform: .*tools is for linux\/amd64/);
  expect(await solving(text, { images, platform: 'linux/arm64' })).toMatchObject({ checks: [said] });
  expect(await solving(text, { images })).toMatchObject({ checks: [] });
});
