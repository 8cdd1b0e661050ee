/** What pack says of what it made. @module */
import { printableName } from '../../base/names.ts';
import type { EvidenceFile } from '../../model/evidence.ts';
import { formatPlatform } from '../../model/platform.ts';
import { unpackedSize, walk } from '../../model/tree.ts';
import type { Written } from '../../operations/pack.ts';
import type { Finding } from '../../rules/finding.ts';
import type { Packed } from '../../transforms/pack/types.ts';
import { bytesText } from './units.ts';

export interface PackSummary {
  readonly written: readonly Written[];
  readonly platform: string;
  /** Regular files, a hard-linked one once. */
  readonly unpacked: number;
  readonly files: number;
  readonly seconds: number;
  readonly findings: readonly Finding[];
}

export function summaryOf(packed: Packed, written: readonly Written[], seconds: number): PackSummary {
  return {
    written,
    platform: formatPlatform(packed.platform),
    unpacked: unpackedSize(packed.tree),
    files: [...walk(packed.tree)].filter(({ node }) => node.kind !== 'dir').length,
    seconds: Number(seconds.toFixed(3)),
    findings: packed.findings,
  };
}

export function summaryText({ written, unpacked, files, seconds, platform }: PackSummary): string {
  const what = `${bytesText(unpacked)} unpacked, ${files} files, ${platform}, ${seconds.toFixed(2)} s`;
  return written
    .map(({ reference, digest, compressed }) => {
      const stored = compressed === undefined ? '' : `${bytesText(compressed)}, `;
      return `${printableName(reference)}: ${stored}${what}${digest === undefined ? '' : `\n  ${digest}`}`;
    })
    .join('\n');
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
