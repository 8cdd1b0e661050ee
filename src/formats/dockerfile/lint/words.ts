/** The words of an instruction whose variables are expanded by the builder, and not by a shell. @module */
import type { Instruction, Word } from '../types.ts';

export function wordsOf(instruction: Instruction): Word[] {
  switch (instruction.kind) {
    case 'env':
    case 'label':
      return instruction.assignments.flatMap(({ name, value }) => [name, value]);
    case 'arg':
      return instruction.args.flatMap(({ name, value }) => (value === undefined ? [name] : [name, value]));
    case 'copy':
    case 'add': {
      const { sources, destination, chown, chmod, exclude } = instruction;
      const paths = sources.flatMap((source) => (source.kind === 'path' ? [source.word] : []));
      const checksum = instruction.kind === 'add' ? instruction.checksum : undefined;
      return [...paths, destination, ...exclude, ...[chown, chmod, checksum].filter((word) => word !== undefined)];
    }
    case 'run':
      return instruction.mounts.map(({ word }) => word);
    case 'user':
      return [instruction.user];
    case 'workdir':
      return [instruction.path];
    case 'volume':
      return [...instruction.paths];
    case 'stopsignal':
      return [instruction.signal];
    default:
      return [];
  }
}
