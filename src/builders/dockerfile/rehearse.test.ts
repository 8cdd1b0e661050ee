/** What is wrong in a Dockerfile is found before anything is carried out. */
import { describe, expect, test } from 'vitest';
import { solving } from '../../../test/solving.ts';

const BASE = { base: { config: { Env: ['NAME=odd', 'N=70000'] } } };

/** Behind a RUN, which would fail with another message since nothing here can run. */
const behindRun = (line: string) => `FROM base AS build\nRUN make\n${line}\n`;

describe.each([
  ['STOPSIGNAL SIG$NAME', /SIGodd/, 'SIG$NAME'],
  ['EXPOSE 80 $N', /"70000"/, '$N'],
  ['VOLUME /a $NONE', /this one is empty/, '$NONE'],
  ['COPY --chmod=$NAME a b', /"odd" is no file mode/, '$NAME'],
  ['COPY --chown=99999999999 a b', /no user or group number/, '99999999999'],
  ['COPY a[b c/', /a \[ that is not closed/, 'a[b'],
  ['COPY https://example.com/a b', /COPY takes no address/, 'https://example.com/a'],
  ['ADD --checksum=sha256:00 a b', /--checksum is for what is downloaded/, 'a'],
  ['LABEL a=${NONE?needed}', /needed/, '${NONE?needed}'],
  ['WORKDIR ${NAME^^}', /is no form/, '${NAME^^}'],
  ['RUN --mount=type=cache,target=/c,sharing=$NAME x', /"odd"/, 'type=cache,target=/c,sharing=$NAME'],
  ['RUN --mount=type=cache,target=/c,mode=$NAME x', /"odd"/, 'type=cache,target=/c,mode=$NAME'],
])('%s', (line, message, word) => {
  test('is refused before the step above it, with carets below the word', async () => {
    const { failure, steps } = await solving(behindRun(line), { images: BASE });
    expect(failure?.message).toMatch(message);
    const marked = failure?.message.split('\n').find((one) => one.startsWith('  3 >>> ')) ?? '';
    const carets = failure?.message.split('\n').find((one) => /^ +\^+$/.test(one)) ?? '';
    expect(failure?.message).toMatch(/^Dockerfile:3: /);
    expect(marked.slice(carets.indexOf('^'), carets.length)).toBe(word);
    expect(steps).toEqual(['[build 1/3] FROM base'].map(() => expect.stringContaining('FROM base')));
  });
});

test.each([
  ['RUN --mount=type=secret,id=a,required x', /needs the secret "a"/],
  ['RUN --mount=type=ssh,required x', /needs the ssh agent "default"/],
  ['RUN --security=insecure x', /was not allowed/],
  ['COPY --link --chown=me a b', /--link knows no names/],
  ['COPY --from=3 a b', /there is no stage 3/],
])('%s: so is what the command line lacks, or the file', async (line, message) => {
  const { failure, steps } = await solving(behindRun(line), { images: BASE });
  expect(failure?.message).toMatch(message);
  expect(steps).toHaveLength(1);
});

test('a wildcard that matches nothing is told', async () => {
  const { failure, warnings } = await solving('FROM scratch\nCOPY a* *.none b/\nSTOPSIGNAL FOO', { images: {} });
  expect(warnings).toEqual(['Dockerfile:2: nothing in the context matches "*.none", and nothing is copied']);
  expect(failure?.message).toMatch(/^Dockerfile:3: /);
});

test('a variable that neither the file nor the base image sets is told', async () => {
  const text = 'FROM base AS a\nLABEL a=$NAME b=$NAMES\nFROM a\nLABEL c=$OTHER\nFROM a';
  const { checks } = await solving(text, { images: BASE });
  expect(checks).toEqual([expect.stringMatching(/^2 UndefinedVar: .*NAMES/)]);
});

test('a stage that is not built is not gone through', async () => {
  const { failure } = await solving(`${behindRun('STOPSIGNAL FOO')}FROM scratch`, { images: BASE });
  expect(failure).toBeUndefined();
});

test("a trigger's mistake is told where FROM stands, without carets", async () => {
  const images = { base: { config: { OnBuild: ['STOPSIGNAL FOO'] } } };
  const { failure } = await solving(behindRun('LABEL a=b'), { images });
  expect(failure?.message).toMatch(/^Dockerfile:1: STOPSIGNAL FOO/);
  expect(failure?.message).not.toContain('^');
});

describe('a name that leads to no image', () => {
  const hint = async (text: string, contexts: readonly string[] = []) => {
    const settings = { contexts: new Map(contexts.map((name) => [name, '.'])) };
    const { failure, steps } = await solving(text, { images: BASE, settings });
    expect(failure?.code).toBe('NOT_FOUND');
    expect(steps.every((step) => step.includes('FROM'))).toBe(true);
    return failure?.hint;
  };
  test('may be meant as a stage', async () => {
    expect(await hint(`${behindRun('ENV a=b')}FROM scratch\nCOPY --from=biuld a b`)).toBe('did you mean build?');
    expect(await hint(`${behindRun('ENV a=b')}FROM scratch\nRUN --mount=from=biuld,target=/x x`)).toBe(
      'did you mean build?',
    );
    expect(await hint(`${behindRun('ENV a=b')}FROM biuld`)).toBe('did you mean build?');
  });
  test('may be meant as a named context', async () => {
    expect(await hint('FROM scratch\nCOPY --from=asets a b', ['assets::linux/amd64'])).toBe('did you mean assets?');
  });
  test('may be that of a stage further down, or of this one', async () => {
    expect(await hint('FROM scratch\nCOPY --from=later a b\nFROM base AS later\nCOPY --from=0 a b', [])).toMatch(
      /further down/,
    );
    expect(await hint('FROM scratch AS self\nCOPY --from=self a b')).toMatch(/this one itself/);
  });
  test('may be anything else', async () => {
    expect(await hint('FROM scratch AS build\nCOPY --from=debian a b')).toBeUndefined();
  });
});
