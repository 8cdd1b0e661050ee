/** A base image that is for another platform than the one that is built. */
import { expect, test } from 'vitest';
import { parseDockerfile } from '../../formats/dockerfile/parse.ts';
import type { Platform } from '../../formats/oci/types.ts';
import { parsePlatform } from '../../model/platform.ts';
import type { BuildSettings } from './context.ts';
import type { BuildPorts } from './ports.ts';
import { solve } from './solve.ts';
import { scratchState } from './state.ts';
import { Steps } from './steps.ts';

const AMD64: Platform = { os: 'linux', architecture: 'amd64' };

const SETTINGS: BuildSettings = {
  args: new Map(),
  clock: { time: 0, clamps: true },
  noCache: [],
  buildPlatform: AMD64,
  target: undefined,
  network: 'none',
  hostname: 'build',
  extraHosts: [],
  shmSize: undefined,
  ulimits: [],
  allows: new Set(),
};

/** @param base what every base image is for @returns what the checks say */
async function built(text: string, platform: string, base: Platform): Promise<readonly string[]> {
  const found: string[] = [];
  const ports: Partial<BuildPorts> = {
    named: async () => undefined,
    image: async () => scratchState(base),
    steps: new Steps(() => undefined, false),
    check: (rule, { start }, message) => void found.push(`${start.line} ${rule}: ${message}`),
    run: {},
  };
  await solve(parseDockerfile(text, 'Dockerfile'), parsePlatform(platform, AMD64), SETTINGS, ports as BuildPorts);
  return found;
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
