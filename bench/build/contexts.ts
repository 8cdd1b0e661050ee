/** Sources to build: always the same, for a seed. @module */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { archiveOfFiles, bash } from '../lib/files.ts';

/** An LCG (Numerical Recipes): numbers from 0 to 1. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Words, so that it compresses as sources do. */
function sourceText(size: number, random: () => number): string {
  let text = '';
  while (text.length < size) {
    text += `${Math.floor(random() ** 3 * 5000).toString(36)}${random() < 0.1 ? '();\n' : ' '}`;
  }
  return text.slice(0, size);
}

/** Files of some kilobytes, a few much larger, as a folder of modules has them. */
function sourceFiles(dir: string, count: number, perFolder: number): void {
  const random = numbers(count);
  for (let i = 0; i < count; i++) {
    const folder = join(dir, `part${Math.floor(i / perFolder)}`);
    if (i % perFolder === 0) mkdirSync(folder, { recursive: true });
    const size = Math.floor(1200 * Math.exp(2.2 * (random() + random() - 1)));
    writeFileSync(join(folder, `file${i}.js`), sourceText(size, random));
  }
}

const PROJECT = `FROM base AS build
WORKDIR /src
COPY conf conf
RUN useradd --system app
COPY src src
RUN mkdir /out && cat src/*/*.js >/out/app && sha256sum /out/app >/out/app.sum

FROM base
RUN mkdir -p /var/lib/app && touch /var/lib/app/state
WORKDIR /app
COPY --from=build /out .
COPY conf conf
ENV MODE=production
RUN cat app conf/*/* | sort | uniq -c | sort -rn | head -n 1000 >words
EXPOSE 80
CMD ["/bin/cat", "/app/app"]
`;

/** A project of 300 files that is built in one stage and installed in another; `src/part0/file0.js` is there to be changed. */
export function project(dir: string): void {
  sourceFiles(join(dir, 'src'), 250, 25);
  sourceFiles(join(dir, 'conf'), 50, 25);
  writeFileSync(join(dir, 'Dockerfile'), PROJECT);
}

export function manyFiles(dir: string, count: number): void {
  sourceFiles(join(dir, 'files'), count, 250);
  writeFileSync(join(dir, 'Dockerfile'), 'FROM scratch\nCOPY files /app\n');
}

/** Real files of this machine, again and again under other names until they are so many bytes. */
export function largeLayer(dir: string, bytes: number): void {
  const once = Math.min(bytes, 500e6);
  const archive = join(dir, 'part.tar');
  mkdirSync(join(dir, 'files'), { recursive: true });
  archiveOfFiles(archive, once);
  for (let at = 0; at < Math.ceil(bytes / once); at++) {
    bash(`mkdir "$1/files/${at}" && tar -xf "$1/part.tar" -C "$1/files/${at}"`, dir);
  }
  bash('rm "$1"/part.tar*', dir);
  writeFileSync(join(dir, 'Dockerfile'), 'FROM scratch\nCOPY files /\n');
}
