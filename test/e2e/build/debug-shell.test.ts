/** `build --debug-shell` on a terminal: a shell in what a RUN that failed has left, with whatever starts programs. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { openSink } from '../../../src/sinks.ts';
import { machinePlatform } from '../../../src/system/machine.ts';
import { saveImage } from '../../../src/transforms/save/save.ts';
import { machineHas } from '../needs.ts';
import { ordinaryUser, root } from '../run/people.ts';
import { baseTree } from './base.ts';

const ready = machineHas({ root: true, programs: ['runc', 'script', 'newuidmap', 'busybox', 'gcc', 'useradd'] });

const DOCKERFILE = `
FROM base
ENV GREETING=hello
WORKDIR /data/keep
RUN --mount=type=cache,target=/c mkdir /job && chown 33 /job
USER app
RUN --mount=type=cache,target=/c echo half >/job/done && false
`;

describe.runIf(ready).each([
  ['root', 'runc', root],
  ['root', 'chroot', root],
  ['an ordinary user', 'runc', ordinaryUser],
  ['an ordinary user', 'chroot', ordinaryUser],
] as const)('%s with %s', (_, runtime, become) => {
  test('looks at a RUN that failed', { timeout: 60_000 }, async () => {
    await using person = await become();
    const context = join(person.home, 'context');
    await mkdir(context);
    await writeFile(join(context, 'Dockerfile'), DOCKERFILE);
    await using sink = await openSink(`oci:${person.home}/base`, { env: { PARE_HOME: join(person.home, 'made') } });
    const layers = [{ kind: 'made', content: baseTree() }] as const;
    await saveImage({ platform: machinePlatform(), config: { Env: ['PATH=/bin'], Cmd: ['sh'] }, layers }, sink);
    const words = ['build', '--runtime', runtime, '--build-context', 'base=oci:base', 'context'];

    const refused = await person.pare([...words, '--debug-shell']);
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringMatching(/there is no terminal/) });
    const plain = await person.pare(words);
    expect(plain).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/Dockerfile:7: .* exit status 1[\s\S]*hint:.*--debug-shell/),
    });

    const { child, ended, said } = person.onTerminal([...words, '--debug-shell']);
    await said('leave it to end the build');
    child.stdin?.write('echo "in $(pwd) $GREETING $(id -u) $(cat /job/done)"\n');
    await said('in /data/keep hello 33 half');
    // An interrupt is the shell's, and not the build's.
    child.stdin?.write('sleep 100\n');
    await said('sleep 100');
    // What is typed before an interrupt is read goes with it.
    await sleep(500);
    child.stdin?.write('\x03');
    await sleep(500);
    child.stdin?.write('echo status $?; exit 4\n');
    const shown = await ended;
    expect(shown, shown.stdout).toMatchObject({ status: 3 });
    expect(shown.stdout).toContain('status 130');
    expect(shown.stdout).toMatch(/exit status 1/);
    expect(shown.stdout).not.toContain('hint:');
  });
});
