/** wrk as people link it for `FROM scratch`: statically, from Debian's source package. @module */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { output } from '../programs/command.ts';
import { mirror } from '../trees.ts';

const SOURCES = 'wrk net ssl aprintf stats script units ae zmalloc http_parser';
const DEFINES = ['-std=c99', '-O1', '-D_REENTRANT', '-D_POSIX_C_SOURCE=200112L', '-D_DEFAULT_SOURCE', '-w'];

/** Makes it in the directory and says where it and its Lua part are. */
export async function staticWrk(dir: string): Promise<{ program: string; script: string }> {
  const source = await debianSource('wrk', join(dir, 'source'));
  const object = join(source, 'wrk.lua.o');
  await output(['luajit', '-b', 'src/wrk.lua', object], { cwd: source });
  await writeFile(join(source, 'version.c'), 'const char *VERSION = "static";\n');
  const program = join(dir, 'wrk-static');
  const files = [...SOURCES.split(' ').map((name) => `src/${name}.c`), 'version.c', object];
  const libraries = ['-lluajit-5.1', '-lssl', '-lcrypto', '-lm', '-ldl', '-lpthread'];
  const compile = ['gcc', ...DEFINES, '-I/usr/include/luajit-2.1', '-static', '-o', program, ...files, ...libraries];
  await output(compile, { cwd: source, timeout: 120_000 });
  return { program, script: join(source, 'src/wrk.lua') };
}

/** Fetches a source package with lists of its own, so that the machine's apt stays as it is; gives the patched source. */
async function debianSource(name: string, dir: string): Promise<string> {
  const lists = join(dir, 'lists');
  const list = join(dir, 'sources.list');
  await mkdir(join(lists, 'partial'), { recursive: true });
  await writeFile(
    list,
    `deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror()} bookworm main\n`,
  );
  const places = [`Dir::Etc::sourcelist=${list}`, 'Dir::Etc::sourceparts=/dev/null', `Dir::State::lists=${lists}`];
  const apt = ['apt-get', '-q', ...places.flatMap((place) => ['-o', place]), '-o', 'APT::Sandbox::User=root'];
  await output([...apt, 'update'], { cwd: dir, timeout: 120_000 });
  await output([...apt, 'source', '--download-only', name], { cwd: dir, timeout: 120_000 });
  const names = await readdir(dir);
  const archive = (pattern: RegExp) => join(dir, names.find((one) => pattern.test(one)) as string);
  const source = join(dir, 'tree');
  await mkdir(source);
  await output(['tar', 'xf', archive(/\.orig\.tar/), '--strip-components=1', '-C', source]);
  await output(['tar', 'xf', archive(/\.debian\.tar/), '-C', source]);
  const patches = (await output(['sh', '-c', 'grep -v "^#" debian/patches/series'], { cwd: source }))
    .trim()
    .split('\n');
  for (const patch of patches) await output(['patch', '-p1', '-s', '-i', `debian/patches/${patch}`], { cwd: source });
  return source;
}
