import { expect, test } from 'vitest';
import { platformOf } from './image.ts';

const ARM = { os: 'linux', architecture: 'arm' };
const ARM64 = { os: 'linux', architecture: 'arm64' };

test('an image is for what was asked for, with what its base says of the same machine', () => {
  expect(platformOf({ platform: ARM64 }, undefined)).toEqual(ARM64);
  expect(platformOf({ platform: { ...ARM, variant: 'v5' } }, ARM64)).toEqual(ARM64);
  expect(platformOf({ platform: { ...ARM, variant: 'v5' } }, ARM)).toEqual({ ...ARM, variant: 'v5' });
  expect(platformOf({ platform: { ...ARM, variant: 'v5' } }, { ...ARM, variant: 'v7' })).toEqual({
    ...ARM,
    variant: 'v7',
  });
});
