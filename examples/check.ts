/** Asks of a program whether it would start on an empty image, and prints what it lacks there. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, pack } from 'pare';

const dir = mkdtempSync(join(tmpdir(), 'example-'));
try {
  // Without its libraries, on purpose; force writes it although the check says that it will not work.
  await pack({ programs: ['ls'], exclude: ['**/*.so*'], force: true, output: `oci:${dir}/layout:broken` });
  const findings = await check(`oci:${dir}/layout:broken`, { ignore: ['runs-as-root'] });
  for (const { severity, code, path, fix } of findings) console.log(`${severity} ${code} ${path}: ${fix}`);
} finally {
  rmSync(dir, { recursive: true });
}
