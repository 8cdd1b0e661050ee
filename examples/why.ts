/** Follows the chain of reasons from a library down to the program that needs it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Chain, pack, why } from 'pare';

const dir = mkdtempSync(join(tmpdir(), 'example-'));
try {
  const image = `oci:${dir}/layout:ls`;
  const { evidence } = await pack({ programs: ['ls'], output: image });
  const libc = evidence.files.find(({ path }) => path.endsWith('/libc.so.6'));
  for (const chain of (await why(image, libc?.path ?? '/')).chains) print(chain, '');
} finally {
  rmSync(dir, { recursive: true });
}

function print({ file, links }: Chain, indent: string): void {
  console.log(`${indent}${file.path}`);
  for (const { reason, from } of links) {
    console.log(`${indent}  ${reason.from ?? 'the user'}: ${reason.because}`);
    if (from !== undefined) print(from, `${indent}  `);
  }
}
