/** What `pare build` says: checks instead of a build, and a build's own words on a pipe and on a terminal. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildSchema } from '../../src/cli/schema/build.ts';
import { buildCheckSchema } from '../../src/cli/schema/build-check.ts';
import { machineHas } from '../e2e/needs.ts';
import { LAUNCHER, pare, start } from './pare.ts';

const DOCKERFILE = `# build brings it
FROM scratch AS build
# NAME of the file
ARG NAME=big
COPY $NAME /big
COPY big /once
COPY big /more
CMD echo
`;

let home = '';
let context = '';

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'pare-build-'));
  context = mkdtempSync(join(tmpdir(), 'pare-context-'));
  writeFileSync(join(context, 'Dockerfile'), DOCKERFILE);
  writeFileSync(join(context, 'big'), Buffer.alloc(1_500_000, 'x'));
});

afterAll(() => {
  for (const dir of [home, context]) rmSync(dir, { recursive: true, force: true });
});

const build = (...args: string[]) => pare(['build', ...args, context], { env: { PARE_HOME: home } });

test.each([
  [['-t', 'a b'], 2, 'is not the name of an image'],
  [['-o', 'type=oci,dest=/none/x.tar'], 3, 'there is no directory /none'],
  [['-t', 'a', '--iidfile', '/none/id'], 3, 'there is no directory /none'],
  [['-t', 'a', '--metadata-file', '/tmp'], 3, 'it is a directory'],
  [['-t', 'a', '--base', 'b'], 2, 'add --pack'],
  [['--pack', 'a', '--annotation', 'b=c'], 2, '--annotation does not go with --pack'],
  [['--pack', 'a', '-o', 'type=image,compression=zstd'], 2, 'compression= does not go with --pack'],
  [['--pack', 'a', '-o', '/'], 3, 'is not empty'],
])('%j is refused before the first step', async (words, status, message) => {
  const refused = await build('--progress', 'plain', ...words);
  expect(refused).toMatchObject({ status, stdout: '', stderr: expect.stringContaining(message) });
  expect(refused.stderr).not.toMatch(/^#1 /m);
});

test('an image is for the platform that was asked for, whatever its stage is for', async () => {
  writeFileSync(join(context, 'same'), 'FROM --platform=$BUILDPLATFORM scratch\nCOPY big /\n');
  const words = ['-q', '-f', join(context, 'same'), '--platform', 'linux/amd64,linux/arm64', '-t', 'same'];
  expect(await build(...words)).toMatchObject({ status: 0, stderr: '' });
  const { stdout } = await pare(['index', 'inspect', '--json', 'same'], { env: { PARE_HOME: home } });
  const { manifests } = JSON.parse(stdout) as { manifests: readonly { platform: string }[] };
  expect(manifests.map(({ platform }) => platform)).toEqual(['linux/amd64', 'linux/arm64']);
});

describe('instead of a build', () => {
  test('--check says what is found, with lines, and that there is something', async () => {
    const { stdout, stderr, status } = await build('--check');
    expect(stdout).toContain("CopiedTwice: line 6 copied 'big' already");
    expect(stdout).toContain('Dockerfile:7\n');
    expect(stdout).toContain('  7 >>> COPY big /more');
    expect(stdout).toContain('JSONArgsRecommended');
    expect([stderr, status]).toEqual(['2 findings\n', 1]);
  });

  test('--check fails where the build would, before any of its steps', async () => {
    writeFileSync(join(context, 'wrong'), 'FROM debian\nARG MODE=abc\nCOPY --chmod=$MODE big /\nCMD echo\n');
    const { stdout, stderr, status } = await build('--check', '-f', join(context, 'wrong'));
    expect([stdout, status]).toEqual([expect.stringContaining('JSONArgsRecommended'), 3]);
    expect(stderr).toMatch(/wrong:3: "abc" is no file mode[\s\S]*>>> COPY --chmod=\$MODE big \/\n {21}\^{5}\n/);
  });

  test('--check --json is as its schema says', async () => {
    const { stdout } = await build('--check', '--json');
    const { findings } = buildCheckSchema.parse(JSON.parse(stdout));
    expect(findings.map(({ rule, range }) => [rule, range.start.line])).toEqual([
      ['CopiedTwice', 7],
      ['JSONArgsRecommended', 8],
    ]);
  });

  test('--call has the methods of docker buildx, and their documents', async () => {
    const lint = await build('--call', 'lint,format=json,ignorestatus=true');
    expect(lint.status).toBe(0);
    const { warnings } = JSON.parse(lint.stdout);
    expect(warnings[1]).toMatchObject({
      ruleName: 'JSONArgsRecommended',
      url: 'https://docs.docker.com/go/dockerfile/rule/json-args-recommended/',
      location: { ranges: [{ start: { line: 8 }, end: { line: 8 } }] },
    });
    const outline = JSON.parse((await build('--call=outline,format=json', '--build-arg', 'NAME=big')).stdout);
    expect(outline).toMatchObject({
      name: 'build',
      description: 'brings it',
      args: [{ name: 'NAME', value: 'big', description: 'of the file' }],
    });
    expect((await build('--call=targets')).stdout).toBe(
      'TARGET           BASE     DESCRIPTION\nbuild (default)  scratch  brings it\n',
    );
    expect((await build('--call=nothing')).status).toBe(2);
  });
});

describe('a build', () => {
  test('says what the checks found, and with bytes what it could do without; nothing with -q', async () => {
    const first = await build('-t', 'first');
    expect(first.stderr).toContain('1 warning found');
    expect(first.stderr).toContain(' - JSONArgsRecommended: CMD in shell form keeps signals from the program (line 8)');
    expect(first.stderr).toContain(
      ' - CopiedTwice: 3.00 MB are /big, /more, /once with the same bytes:\n   copy one, and make a link to it',
    );
    const second = await build('-t', 'first');
    expect(second.stderr).toContain('#1 CACHED');
    expect(second.stderr).not.toContain('CopiedTwice');
    const quiet = await build('-q', '--no-cache', '--json');
    expect(quiet.stderr).toBe('');
    expect(buildSchema.parse(JSON.parse(quiet.stdout)).hints).toMatchObject([
      { rule: 'CopiedTwice', bytes: 3_000_000 },
    ]);
  });

  test('as rawjson is nothing but documents with the fields of BuildKit', async () => {
    const { stderr } = await build('--progress=rawjson', '--no-cache', '-t', 'raw');
    const documents = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const vertexes = documents.flatMap(({ vertexes: all = [] }) => all);
    expect(vertexes[0]).toMatchObject({
      name: '[build 2/4] COPY $NAME /big',
      digest: expect.stringMatching(/^sha256:/),
    });
    expect(vertexes.filter(({ completed }) => completed !== undefined)).toHaveLength(3);
    const [warning] = documents.flatMap(({ warnings = [] }) => warnings);
    expect(Buffer.from(warning.short, 'base64').toString()).toMatch(/^JSONArgsRecommended: .* \(line 8\)$/);
  });

  test.skipIf(!machineHas({ programs: ['script'] }))(
    'on a terminal draws its steps; without colours where those are not wanted',
    async () => {
      const line = `stty cols 60 rows 10; '${process.execPath}' '${LAUNCHER}' build --no-cache -t tty '${context}'`;
      const env = { PARE_HOME: home, TERM: 'xterm', NO_COLOR: '1' };
      const { stdout, status } = await start(['script', '-qefc', line, '/dev/null'], { env }).ended;
      expect(status).toBe(0);
      const text = stdout.replaceAll('\r\n', '\n');
      expect(text).toMatch(
        /\[\+\] Building \d+\.\ds \(3\/3\) FINISHED\u001B\[K\n => \[build 2\/4\] COPY \$NAME \/big +\d+\.\ds\u001B\[K\n/,
      );
      expect(text).toContain('\u001B[?25h1 warning found');
      expect(text).not.toMatch(/\u001B\[\d+m/);
      expect(text.lastIndexOf('\u001B[?25l')).toBeLessThan(text.lastIndexOf('\u001B[?25h'));
    },
  );
});
