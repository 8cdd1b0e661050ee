/** Regular files as the rules see them. @module */
import type { Elf } from '../../formats/elf/types.ts';
import type { LoadResult } from '../../loader/types.ts';
import type { FileNode } from '../../model/node.ts';
import { findProgram } from '../programs.ts';
import type { Facts, Subject, Use } from '../rule.ts';
import { type HashBang, readHashBang } from './heads.ts';
import type { Loading } from './loading.ts';

const ET_EXEC = 2;
const ET_DYN = 3;
const ANY_EXECUTE = 0o111;

export interface Subjects {
  /** How a file is used, as far as the file itself tells. */
  useOf(path: string, node: FileNode): Promise<Use>;
  /** @param process the program in whose process it is used; of a program, itself */
  make(path: string, node: FileNode, use: Use, process: string): Promise<Subject>;
  /** Physical path of the program that the kernel starts for this one: of a script, its interpreter. */
  processOf(program: string): Promise<string>;
}

export function createSubjects(facts: Facts, loading: Loading): Subjects {
  const hashBang = async (node: FileNode) => readHashBang((await facts.loader.binary(node)).head);
  return {
    useOf: async (path, node) => {
      const elf = await facts.elf(path);
      if (elf !== undefined) return useOfElf(elf, node);
      const runs = (node.meta.mode & ANY_EXECUTE) !== 0 && (await hashBang(node)) !== undefined;
      return runs ? 'program' : 'data';
    },
    make: async (path, node, use, process) => {
      const elf = await facts.elf(path);
      return {
        path,
        node,
        use,
        elf,
        hashBang: elf === undefined ? await hashBang(node) : undefined,
        program: use === 'program' ? path : process,
        loaded: elf === undefined || !isLoadable(elf) ? undefined : await loadedOf(loading, path, use, process),
      };
    },
    processOf: async (program) => {
      const node = await facts.files.lookup(program);
      if (node?.kind !== 'file' || (await facts.elf(program)) !== undefined) return program;
      const line = await hashBang(node);
      return line === undefined ? program : ((await interpreterOf(facts, line)) ?? program);
    },
  };
}

/** A program has an interpreter or is linked to a fixed address; a shared object has neither. */
function useOfElf(elf: Elf, node: FileNode): Use {
  if (elf.interp !== undefined || elf.type === ET_EXEC) return 'program';
  const startable = elf.type === ET_DYN && elf.entry !== 0 && elf.dynamic?.soname === undefined;
  if (startable && (elf.dynamic?.needed.length ?? 0) === 0 && isExecutable(node)) return 'program';
  return elf.dynamic === undefined ? 'data' : 'module';
}

function isExecutable(node: FileNode): boolean {
  return (node.meta.mode & ANY_EXECUTE) !== 0;
}

/** Object files, cores and files of debugging symbols are ELF as well. */
function isLoadable({ type, dynamic }: Elf): boolean {
  return type === ET_EXEC || (type === ET_DYN && dynamic !== undefined);
}

async function loadedOf(loading: Loading, path: string, use: Use, process: string): Promise<LoadResult | undefined> {
  switch (use) {
    case 'program':
      return loading.program(path);
    case 'module':
      return loading.module(path, process);
    case 'data':
      return undefined;
  }
}

/** Physical path of the interpreter of a script; of `/usr/bin/env NAME`, of the command NAME. */
async function interpreterOf(facts: Facts, { interpreter, argument }: HashBang): Promise<string | undefined> {
  const named = /^(?:-S\s*)?(?:\w+=\S*\s+)*([^\s=]+)/.exec(argument ?? '')?.[1];
  const name = interpreter.endsWith('/env') && named !== undefined ? named : interpreter;
  const found = await findProgram(facts.files, name, { path: facts.env['PATH'] ?? '' });
  return found.found ? found.path : undefined;
}
