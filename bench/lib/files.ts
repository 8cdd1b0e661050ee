/** Archives of this machine's own files, to measure with: real bytes in a real mixture. @module */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

/** A tar of about so many bytes of /usr/bin and /usr/lib. */
export function archiveOfFiles(path: string, bytes: number): void {
  archivesOfFiles([{ path, bytes }]);
}

/** Several such, which share no file. Files are taken as if at random, but always in the same order, so as to be a mixture. */
export function archivesOfFiles(archives: readonly { readonly path: string; readonly bytes: number }[]): void {
  const files = mixed(filesOf(['/usr/bin', '/usr/lib']));
  for (const { path, bytes } of archives) {
    const names: string[] = [];
    for (let sum = 0; sum < bytes; ) {
      const file = files.pop();
      if (file === undefined) throw new Error('this machine has too few files');
      if (file.size > bytes / 10) continue;
      names.push(file.name);
      sum += file.size;
    }
    writeFileSync(`${path}.list`, names.join('\0'), 'latin1');
    bash('tar -cf "$1" --null -T "$1.list" 2>/dev/null', path);
  }
}

interface NamedFile {
  readonly size: number;
  readonly name: string;
}

function filesOf(folders: readonly string[]): NamedFile[] {
  const { stdout } = spawnSync('find', [...folders, '-xdev', '-type', 'f', '-printf', '%s %p\n'], {
    encoding: 'latin1',
    maxBuffer: 1 << 28,
  });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => ({ size: Number(line.split(' ', 1)[0]), name: line.slice(line.indexOf(' ') + 1) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function mixed(files: readonly NamedFile[]): NamedFile[] {
  const place = (index: number) => Math.imul(index + 1, 0x9e3779b1) >>> 0;
  return files
    .map((file, i) => ({ file, at: place(i) }))
    .sort((a, b) => a.at - b.at)
    .map(({ file }) => file);
}

/** Runs a script of bash with one argument and gives what it prints. */
export function bash(script: string, argument: string): string {
  const { status, stdout } = spawnSync('bash', ['-c', script, 'bash', argument], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`failed: ${script}`);
  return stdout;
}
