/** What pack says of what it made. @module */
import { countOf } from '../../base/count.ts';
import { printableName } from '../../base/names.ts';
import type { EvidenceFile } from '../../model/evidence.ts';
import { formatPlatform } from '../../model/platform.ts';
import { countFiles, unpackedSize } from '../../model/tree.ts';
import type { PackInput, Packing, Written } from '../../operations/pack.ts';
import type { NotTaken } from '../../rules/closure/types.ts';
import type { Finding } from '../../rules/finding.ts';
import { bytesText } from './units.ts';

export interface PackSummary {
  readonly written: readonly Written[];
  readonly platform: string;
  /** Regular files, a hard-linked one once. */
  readonly unpacked: number;
  readonly files: number;
  readonly seconds: number;
  readonly input?: PackInput;
  readonly findings: readonly Finding[];
}

export function summaryOf({ packed, input }: Packing, written: readonly Written[], seconds: number): PackSummary {
  return {
    ...(input === undefined ? {} : { input }),
    written,
    platform: formatPlatform(packed.platform),
    unpacked: unpackedSize(packed.tree),
    files: countFiles(packed.tree),
    seconds: Number(seconds.toFixed(3)),
    findings: packed.findings,
  };
}

export function summaryText({ written, unpacked, files, seconds, platform, input }: PackSummary): string {
  const what = `${bytesText(unpacked)} unpacked, ${countOf(files, 'file')}, ${platform}, ${seconds.toFixed(2)} s`;
  const lines = written.map(({ reference, digest, compressed }) => {
    const stored = compressed === undefined ? '' : `${bytesText(compressed)}, `;
    return `${printableName(reference)}: ${stored}${what}${digest === undefined ? '' : `\n  ${digest}`}`;
  });
  const before =
    input === undefined
      ? []
      : [
          `from ${input.reference}: ${bytesText(input.compressed)}, ${bytesText(input.unpacked)} unpacked, ${countOf(input.files, 'file')}`,
        ];
  return [...lines, ...before].join('\n');
}

/** One line, where something that only some uses want was left out; what was asked to stay out is not told. */
export function leftText(notTaken: readonly NotTaken[]): string | undefined {
  const count = new Set(notTaken.flatMap(({ why, path }) => (why === 'suggested' ? [path] : []))).size;
  if (count === 0) return undefined;
  const what = countOf(count, 'path that only some uses want is', 'paths that only some uses want are');
  return `${what} left out: --suggested takes them, and with --list --json it says which and why`;
}

/** `--list --json`: each file with its size and why it is there. */
export function listOf(files: readonly EvidenceFile[]) {
  return {
    files: files.map(({ path, kind, size, strength, reasons }) => ({
      path,
      kind,
      ...(size === undefined ? {} : { size }),
      strength,
      reasons,
    })),
  };
}
