// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the language's own syntax

import { ImageError } from '../../src/base/errors.ts';
import { decodeName } from '../../src/base/names.ts';
import { expandWord, expandWords } from '../../src/formats/dockerfile/expand.ts';
import { parseGitReference } from '../../src/formats/dockerfile/git.ts';
import { compileIgnore, parseIgnore } from '../../src/formats/dockerfile/ignore.ts';
import { lint } from '../../src/formats/dockerfile/lint/lint.ts';
import { wordsOf } from '../../src/formats/dockerfile/lint/words.ts';
import { parseMode } from '../../src/formats/dockerfile/mode.ts';
import { resolveMount } from '../../src/formats/dockerfile/mount.ts';
import { parseDockerfile } from '../../src/formats/dockerfile/parse.ts';
import { parsePorts } from '../../src/formats/dockerfile/ports.ts';
import { environmentOf } from '../environment.ts';

const env = environmentOf([
  ['A', '/usr/lib/a.tar.gz'],
  ['B', 'a b  c'],
  ['EMPTY', ''],
]);

/** Whether it did not fail as it may. */
function attempt(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
  }
}

export const dockerfile = {
  name: 'dockerfile',
  run(bytes: Uint8Array): void {
    const file = parseDockerfile(bytes);
    lint(file, { baseEnvironment: () => [['PATH', '/bin']], ignore: compileIgnore(['a', '**/b']) });
    const { escape: character } = file.directives;
    for (const instruction of file.stages.flatMap(({ instructions }) => instructions)) {
      for (const { text } of wordsOf(instruction)) attempt(() => expandWord(text, env, { escape: character }));
      if (instruction.kind !== 'run') continue;
      for (const mount of instruction.mounts) attempt(() => resolveMount(mount, (word) => expandWord(word, env)));
    }
  },
  seeds(): Uint8Array[] {
    return [
      '# syntax=docker/dockerfile:1\n# escape=`\n# check=skip=all;error=true\nARG V=1\nFROM --platform=$BUILDPLATFORM a:${V:-2} AS b\n',
      'FROM a\nRUN --mount=\'type=cache,target=/c,sharing=locked,"id=a,b"\' --network=none \\\n  # x\n\n  make <<E && <<-"F"\na\nE\n\tb\nF\n',
      'FROM a\nCOPY --from=b --chmod=u+x,go=rX --chown=1:$A --link --parents --exclude=*.o ["x y", "z/"]\nADD --checksum=sha256:0 git@h:r.git <<E /d\n$A\nE\n',
      'FROM a\nENV A=1 B="x y" C=\'z\' D=a\\ b\nENV old way of it\nLABEL "k l"=v\nEXPOSE 80 53/udp 1-3\nVOLUME ["/v"]\nUSER 1:2\nWORKDIR /w\n',
      'FROM a\nHEALTHCHECK --interval=1m30s --retries=3 CMD ["x"]\nONBUILD COPY <<E /x\ny\nE\nSHELL ["a"]\nCMD b\nSTOPSIGNAL 9\nMAINTAINER me\n',
    ].map((text) => Buffer.from(text));
  },
};

export const dockerfileWords = {
  name: 'dockerfile-words',
  run(bytes: Uint8Array): void {
    const text = decodeName(bytes);
    expandWord(text, env, { quotes: 'ignore' });
    attempt(() => expandWord(text, env, { escape: '`', keepUnset: true }));
    expandWords(text, env, { quotes: 'keep', keepEscapes: true });
  },
  seeds(): Uint8Array[] {
    return [
      '${A#*/} ${A##*.} ${A%.*} ${A%%t?r*} ${A/lib/x} ${A//\\//_}',
      '"${B:-${C:+\\}x}}" \'$A\' \\$A ${EMPTY?no} $B',
      '${A##*a*b*c*d*e*f*g}${B//*/$A}${A%%?????*}',
    ].map((text) => Buffer.from(text));
  },
};

export const dockerignore = {
  name: 'dockerignore',
  run(bytes: Uint8Array): void {
    const text = decodeName(bytes);
    const matcher = compileIgnore(parseIgnore(text));
    for (const path of ['a', 'a/b/c.txt', 'x/node_modules/y', text.slice(0, 100)]) matcher.matches(path);
  },
  seeds(): Uint8Array[] {
    return ['# x\n*\n!src\n**/*.o\n/a/../b/\n[a-c]?\\*\n', '**/a**b/**/[^x]c*\n!**\n', '*a*a*a*a*a*b\n'].map((text) =>
      Buffer.from(text),
    );
  },
};

export const dockerfileValues = {
  name: 'dockerfile-values',
  run(bytes: Uint8Array): void {
    const text = decodeName(bytes);
    attempt(() => parseMode(text));
    attempt(() => parsePorts([text]));
    parseGitReference(text);
  },
  seeds(): Uint8Array[] {
    return [
      'u=rwX,go+s-t',
      '127.0.0.1:80-90:80-90/udp',
      'https://u:p@h/r.git?tag=1&subdir=x#refs/tags/1',
      'git@h:a/b',
      'github.com/a/b',
    ].map((text) => Buffer.from(text));
  },
};
