/** What rules take along is what the program opens: it works with it, and check foretells what happens without. */
import { appendFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { machineHas } from '../needs.ts';
import { type Workplace, workplace } from '../pack/workplace.ts';
import { output } from '../programs/command.ts';

const ready = machineHas({ root: true, programs: ['gcc', 'runc', 'openssl', 'runuser', 'dash', 'sed', 'env'] });

const ZONE = `
#include <stdio.h>
#include <time.h>
int main(void) {
  time_t winter = 0;
  char text[64];
  strftime(text, sizeof text, "%H:%M %Z", localtime(&winter));
  return puts(text) < 0;
}`;

const CONVERT = `
#include <iconv.h>
#include <stdio.h>
int main(void) {
  iconv_t open = iconv_open("UTF-8", "SHIFT_JIS");
  if (open == (iconv_t)-1) return perror("iconv_open"), 1;
  char in[] = "\\x93\\xfa", out[8] = "", *from = in, *to = out;
  size_t left = 2, room = 8;
  iconv(open, &from, &left, &to, &room);
  return puts(out) < 0;
}`;

const LOCALE = `
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
int main(void) {
  const char *name = setlocale(LC_ALL, "");
  printf("%s %s\\n", name ? name : "none", nl_langinfo(CODESET));
  return 0;
}`;

describe.runIf(ready)('rules', () => {
  let place: Workplace;
  beforeAll(async () => {
    place = await workplace();
  });
  afterAll(() => place[Symbol.asyncDispose]());

  /** Packs, runs, and checks. */
  async function tried(name: string, ...args: string[]) {
    const packed = await place.pare('pack', '-t', name, ...args);
    expect(packed.status, packed.stderr).toBe(0);
    const ran = await place.pare('run', name);
    const checked = await place.pare('check', name, '--json');
    expect([0, 1], checked.stderr).toContain(checked.status);
    const { findings } = JSON.parse(checked.stdout);
    const codes = (findings as { code: string; severity: string }[])
      .filter(({ severity }) => severity !== 'info')
      .map(({ code }) => code);
    return { ...ran, codes };
  }

  test('time-zones', async () => {
    const program = await place.compile('zone/p', ZONE);
    const berlin = ['--env', 'TZ=Europe/Berlin'];
    expect(await tried('zone', program, ...berlin)).toMatchObject({ stdout: '01:00 CET\n', codes: [] });
    const without = await tried('zoneless', program, ...berlin, '--without', 'time-zones');
    expect(without).toMatchObject({ stdout: '00:00 Europe\n', codes: ['time-zone-data-missing'] });
    expect(await tried('rule', program, '--env', 'TZ=CET-1')).toMatchObject({ stdout: '01:00 CET\n', codes: [] });
  });

  test('gconv', async () => {
    const program = await place.compile('gconv/p', CONVERT);
    expect(await tried('gconv', program)).toMatchObject({ status: 0, stdout: '日\n' });
    expect(await tried('gconvless', program, '--without', 'gconv')).toMatchObject({ status: 1 });
  });

  test('locales', async () => {
    const program = await place.compile('locale/p', LOCALE);
    const utf8 = ['--env', 'LANG=C.UTF-8'];
    expect(await tried('locale', program, ...utf8)).toMatchObject({ stdout: 'C.UTF-8 UTF-8\n', codes: [] });
    const without = await tried('localeless', program, ...utf8, '--without', 'locales');
    expect(without).toMatchObject({ stdout: 'none ANSI_X3.4-1968\n', codes: ['data-missing'] });
    expect(await tried('plain', program)).toMatchObject({ stdout: 'C ANSI_X3.4-1968\n', codes: [] });
  });

  test('pam', async () => {
    const command = ['--', '-u', 'nobody', '--', '/bin/dash', '-c', 'echo ran'];
    const ran = await tried('pam', 'runuser', '/bin/dash', ...command);
    expect(ran).toMatchObject({ status: 0, stdout: 'ran\n' });
    const without = await tried('pamless', 'runuser', '/bin/dash', '--without', 'pam', ...command);
    expect(without.status).not.toBe(0);
  });

  test('scripts and what they call', async () => {
    const library = await place.file('script/library.sh', 'shout() { sed "s/$/!/"; }\n');
    const script = await place.file(
      'script/start',
      `#!/usr/bin/env -S dash -e\n. ${library}\nif command -v no-such-command; then no-such-command; fi\nif [ $# -gt 0 ]; then exec "$@"; fi\necho hello | shout\n`,
    );
    await output(['chmod', '755', script]);
    expect(await tried('script', script)).toMatchObject({ status: 0, stdout: 'hello!\n', codes: [] });
    const passing = ['--entrypoint', JSON.stringify([script]), '--cmd', '["env", "echo", "passed on"]'];
    expect(await tried('passing', script, ...passing)).toMatchObject({ status: 0, stdout: 'passed on\n', codes: [] });
    const without = await tried('scriptless', script, '--without', 'shell-commands');
    expect(without).toMatchObject({ status: 2, codes: ['command-missing', 'data-missing'] });
  });

  test('certificates: public authorities are trusted, one that was added to the machine is not', async () => {
    const root = join(place.dir, 'machine');
    const shipped = '/usr/share/ca-certificates/mozilla';
    await mkdir(join(root, 'usr/share/ca-certificates'), { recursive: true });
    await cp(shipped, join(root, shipped), { recursive: true });
    await output([
      'sh',
      '-c',
      `cd / && cp --parents -L /usr/bin/openssl $(ldd /usr/bin/openssl | grep -o '/[^ ]*') ${root}`,
    ]);
    const bundle = join(root, 'etc/ssl/certs/ca-certificates.crt');
    await mkdir(join(root, 'etc/ssl/certs'), { recursive: true });
    await output(['sh', '-c', `cat ${shipped}/*.crt > ${bundle}`]);
    await mkdir(join(root, 'usr/lib/ssl'), { recursive: true });
    await mkdir(join(root, 'usr/local/share/ca-certificates'), { recursive: true });
    const canary = join(root, 'usr/local/share/ca-certificates/canary.crt');
    const subject = '/CN=canary authority';
    await output([
      'openssl',
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      subject,
      '-keyout',
      `${place.dir}/key`,
      '-out',
      canary,
    ]);
    const text = await output(['cat', canary]);
    await appendFile(bundle, text);

    const image = ['pack', '/usr/bin/openssl', '--from', `rootfs:${root}`];
    /** What stands in the image where OpenSSL finds its authorities. */
    const trusted = async (...more: string[]) => {
      const packed = await place.pare(...image, ...more, '--tarball', `${place.dir}/trust.tar`);
      expect(packed.status, packed.stderr).toBe(0);
      return output(['tar', '-xOf', `${place.dir}/trust.tar`, bundle.slice(root.length + 1)]);
    };
    const body = text.split('\n')[2] as string;
    expect((await trusted()).match(/BEGIN/g)).toHaveLength(Number(await output(['sh', '-c', `ls ${shipped} | wc -l`])));
    expect(await trusted()).not.toContain(body);
    expect(await trusted('--add', bundle.slice(root.length))).toContain(body);
    expect(await trusted('--add', `/usr/local/share/ca-certificates/canary.crt:${bundle.slice(root.length)}`)).toBe(
      text,
    );

    expect(await place.pare(...image, '-t', 'trust')).toMatchObject({ status: 0 });
    await writeFile(join(place.dir, 'public.crt'), await output(['cat', `${shipped}/ISRG_Root_X1.crt`]));
    await writeFile(join(place.dir, 'canary.crt'), text);
    const verify = (name: string) =>
      place.pare('run', '--volume', `${place.dir}/${name}:/it.crt:ro`, 'trust', '--', 'verify', '/it.crt');
    expect(await verify('public.crt')).toMatchObject({ status: 0, stdout: '/it.crt: OK\n' });
    expect((await verify('canary.crt')).status).not.toBe(0);
    const list = (await place.pare('ls', '-R', 'trust')).stdout;
    expect(list).not.toContain('canary');
  });
});
