/** What is measured. @module */
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contestant } from '../lib/compare.ts';
import { largeLayer, manyFiles, project } from './contexts.ts';
import { type Builder, run } from './tools.ts';

export interface Case {
  readonly name: string;
  readonly title: string;
  /** The first contestant's time divided by BuildKit's may be this at most. */
  readonly bound: number;
  /** And so many seconds, where that is said, too. */
  readonly seconds?: number;
  /** Makes what is built; `dir` is the case's own. */
  contestants(dir: string, builders: readonly Builder[]): readonly Contestant[];
}

export interface Sizes {
  readonly files: number;
  /** Of the layer that is exported, in bytes. */
  readonly layer: number;
}

export function cases({ files, layer }: Sizes): readonly Case[] {
  return [
    {
      name: 'cold',
      title: 'Two stages, four RUN, nothing remembered; the base is there',
      bound: 1,
      contestants: (dir, builders) => builders.map((one) => cold(one, contextOf(dir, one, project))),
    },
    {
      name: 'unchanged',
      title: 'The same, where nothing has changed',
      bound: 0.5,
      seconds: 0.25,
      contestants: (dir, builders) => builders.map((one) => warm(one, contextOf(dir, one, project))),
    },
    {
      name: 'changed',
      title: 'The same, where one source file has changed: the steps behind it are carried out',
      bound: 0.8,
      contestants: (dir, builders) =>
        builders.map((one) => {
          const context = contextOf(dir, one, project);
          return { ...warm(one, context), prepare: () => change(join(context, 'src/part0/file0.js')) };
        }),
    },
    {
      name: 'many-cold',
      title: `COPY of ${files.toLocaleString('en')} files, nothing remembered`,
      bound: 0.7,
      contestants: (dir, builders) =>
        builders.map((one) =>
          cold(
            one,
            contextOf(dir, one, (at) => manyFiles(at, files)),
          ),
        ),
    },
    {
      name: 'many-unchanged',
      title: `COPY of ${files.toLocaleString('en')} files, unchanged`,
      bound: 0.7,
      contestants: (dir, builders) =>
        builders.map((one) =>
          warm(
            one,
            contextOf(dir, one, (at) => manyFiles(at, files)),
          ),
        ),
    },
    {
      name: 'export',
      title: `A layer of ${(layer / 1e9).toFixed(1)} GB, built and written into a file`,
      bound: 0.8,
      contestants: (dir, builders) => {
        const context = join(dir, 'context');
        mkdirSync(context);
        largeLayer(context, layer);
        return builders.map((one) => exported(one, context, join(dir, 'exported')));
      },
    },
  ];
}

/** Each has files of its own: what one knows of them is nothing to another. */
function contextOf(dir: string, { name }: Builder, make: (dir: string) => void): string {
  const context = join(dir, name.replace(/\W+/g, '-'));
  mkdirSync(context);
  make(context);
  return context;
}

function cold(builder: Builder, context: string): Contestant {
  return { ...measured(builder), command: builder.build(context, { fresh: true }), prepare: () => builder.forget() };
}

/** Built once before; the first round, which is not counted, comes late enough for files to count as settled. */
function warm(builder: Builder, context: string): Contestant {
  const command = builder.build(context);
  run(command, builder.env);
  return { ...measured(builder), command };
}

function exported(builder: Builder, context: string, file: string): Contestant {
  const clear = () => {
    rmSync(file, { force: true });
    builder.forget();
  };
  return {
    ...measured(builder),
    command: builder.exported(context, file),
    prepare: clear,
    size: () => {
      const { size } = statSync(file);
      clear();
      return size;
    },
  };
}

function measured({ name, env, servants }: Builder): Pick<Contestant, 'name' | 'env' | 'servants'> {
  return { name, env, ...(servants === undefined ? {} : { servants }) };
}

let changes = 0;

function change(path: string): void {
  writeFileSync(path, `changed ${++changes}\n`);
}
