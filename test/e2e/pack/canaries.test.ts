/** Marks in every place that must stay out of images: none of them comes out of a pack, wherever it could hide. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineHas } from '../needs.ts';
import { output } from '../programs/command.ts';
import { debianTree } from '../trees.ts';
import { type Workplace, workplace } from './workplace.ts';

const tree = machineHas({ root: true, programs: [] }) ? debianTree({ suite: 'bookworm' }) : undefined;

/** Not to be found anywhere afterwards. */
const CANARY = 'canary-7f3d1b';

/** Files of the source that get the mark in what is there already, at its end. */
const SECRETS: Readonly<Record<string, string>> = {
  '/etc/shadow': `root:${CANARY}:19000:0:99999:7:::\n`,
  '/etc/gshadow': `root:${CANARY}::\n`,
  '/etc/resolv.conf': `search ${CANARY}.example\n`,
  '/etc/hosts': `127.0.0.1 ${CANARY}\n`,
  '/etc/hostname': `${CANARY}\n`,
  '/root/.bashrc': `# ${CANARY}\n`,
  '/root/.ssh/id_ed25519': `-----BEGIN OPENSSH PRIVATE KEY-----\n${CANARY}\n`,
  '/root/.netrc': `machine x password ${CANARY}\n`,
  '/root/.curlrc': `user = "${CANARY}"\n`,
  '/home/me/.ssh/config': `Host ${CANARY}\n`,
  '/etc/ssh/ssh_host_ed25519_key': `-----BEGIN OPENSSH PRIVATE KEY-----\n${CANARY}\n`,
  '/etc/ssl/private/server.key': `-----BEGIN PRIVATE KEY-----\n${CANARY}\n`,
  '/etc/redis/tls.key': `-----BEGIN PRIVATE KEY-----\n${Buffer.from(CANARY).toString('base64')}\n-----END PRIVATE KEY-----\n# ${CANARY}\n`,
  '/usr/local/share/ca-certificates/local.crt': `${CANARY}\n`,
  '/etc/passwd': `canary:x:1999:1999:${CANARY}:/home/canary:/bin/sh\n`,
};

describe.runIf(tree !== undefined)('a source full of secrets', () => {
  let place: Workplace;
  let source: string;
  beforeAll(async () => {
    place = await workplace();
    source = join(place.dir, 'source');
    await output(['cp', '-a', tree as string, source]);
    for (const [path, text] of Object.entries(SECRETS)) {
      await mkdir(dirname(source + path), { recursive: true });
      await writeFile(source + path, text, { flag: 'a' });
    }
  });
  afterAll(() => place?.[Symbol.asyncDispose]());

  /** Everything pare wrote, decompressed, and what it printed. */
  async function everythingOf(options: readonly string[]): Promise<string> {
    const layout = join(place.dir, `layout-${options.join('-').replaceAll('/', '_')}`);
    const env = { SECRET: CANARY, REDIS_PASSWORD: CANARY, LD_LIBRARY_PATH: `/${CANARY}` };
    const packed = await place.pareWith(
      { env },
      'pack',
      ...options,
      '--from',
      `rootfs:${source}`,
      '-o',
      `oci:${layout}:x`,
    );
    expect(packed).toMatchObject({ status: 0 });
    const listed = await place.pareWith({ env }, 'pack', ...options, '--from', `rootfs:${source}`, '--list', '--json');
    const blobs = join(layout, 'blobs', 'sha256');
    const contents = [
      packed.stdout,
      packed.stderr,
      listed.stdout,
      await readFile(join(layout, 'index.json'), 'latin1'),
    ];
    for (const name of await readdir(blobs)) {
      const bytes = await readFile(join(blobs, name));
      contents.push((bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('latin1'));
    }
    expect(contents.length).toBeGreaterThan(6);
    return contents.join('\n');
  }

  test.each([
    [['redis-server']],
    [['redis-server', '--nss-net', '--cert', '--suggested', '--shell', 'dash']],
    [['curl', 'perl', 'getent', '--suggested', '--user', 'app']],
    [['bash', 'passwd', 'su', 'login', '--suggested']],
  ])('%j', async (options) => {
    expect((await everythingOf(options)).includes(CANARY)).toBe(false);
  });

  test('the mark is found where the user adds it by name: the search works', async () => {
    expect((await everythingOf(['redis-server', '--add', '/etc/redis/tls.key'])).includes(CANARY)).toBe(true);
  });

  test('what is left out is told by its path, with the reason', async () => {
    const conf = `${source}/etc/redis/redis.conf`;
    await output(['sh', '-c', `echo 'tls-key-file /etc/redis/tls.key' >> ${conf}`]);
    const layout = `oci:${place.dir}/told:x`;
    const args = ['--', '/etc/redis/redis.conf', '--tls-key-file=/etc/redis/tls.key'];
    await place.pare('pack', 'redis-server', '--from', `rootfs:${source}`, '-o', layout, ...args);
    const answer = await place.pare('why-not', layout, '/etc/redis/tls.key');
    expect(answer.stdout).toMatch(/never goes in by itself.*private key/);
  });
});
