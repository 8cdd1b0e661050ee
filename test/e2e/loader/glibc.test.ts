/** The model of glibc's loader against ld.so itself, on files made for one question each, for two versions of glibc. @module */
import { describe, expect, test } from 'vitest';
import { machineHas } from '../needs.ts';
import { createRoot, GLIBCS, glibcKind } from './fixture.ts';
import { extras } from './fixtures/extras.ts';
import { names } from './fixtures/names.ts';
import { refused } from './fixtures/refused.ts';
import { searchPaths } from './fixtures/search-paths.ts';
import { system } from './fixtures/system.ts';
import { MAIN } from './fixtures/types.ts';
import { sameAsGlibc } from './questions.ts';

const NEEDS = { root: true, programs: ['gcc', 'patchelf', 'objcopy', 'strip', 'ldconfig', 'busybox', 'chroot'] };
const able = process.arch === 'x64' && machineHas(NEEDS);

const GROUPS = { 'search paths': searchPaths, names, refused, extras, system };

describe.runIf(able).each(GLIBCS)('%s', (_, source) => {
  const from = able ? source() : undefined;
  for (const [group, fixtures] of Object.entries(GROUPS)) {
    describe.runIf(from !== undefined)(group, () => {
      test.each(fixtures)('$name', async ({ build, files = [MAIN], ...question }) => {
        using root = createRoot(glibcKind(from as string));
        build(root);
        const answers = await sameAsGlibc(root, files, question);
        expect(answers).toHaveLength(files.length);
      });
    });
  }
});
