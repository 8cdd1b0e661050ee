/** Packs a program into an OCI layout, and prints what went in and how large it is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from 'pare';

const dir = mkdtempSync(join(tmpdir(), 'example-'));
try {
  const { written, unpacked, evidence, findings } = await pack({
    programs: ['true'],
    labels: { 'org.opencontainers.image.title': 'true' },
    output: `oci:${dir}/layout:true`,
  });
  for (const { reference, digest } of written) console.log(reference.replace(dir, '…'), digest);
  for (const { path, strength } of evidence.files) console.log(path, strength);
  console.log(`${unpacked} bytes, ${findings.length} findings`);
} finally {
  rmSync(dir, { recursive: true });
}
