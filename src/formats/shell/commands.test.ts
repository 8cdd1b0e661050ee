// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the shell's syntax that is tested
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { calledCommands } from './called.ts';
import { parseCommandLine, parseShellScript } from './commands.ts';

const called = async (...texts: string[]) =>
  calledCommands(await Promise.all(texts.map((text) => parseShellScript(text))));

/** `name` for a sure call, `name?` for one that may be. */
const names = async (...texts: string[]) =>
  (await called(...texts)).commands.map(({ name, certain }) => (certain ? name : `${name}?`)).join(' ');

describe('commands', () => {
  test.each([
    ['ls -l | sort > out && rm x; tac', 'ls rm sort tac'],
    ['if grep -q a b; then sed x; else awk y; fi', 'awk grep sed'],
    ['for i in 1 2; do seq $i; done; while read l; do cut -f1; done', 'cut seq'],
    ['case "$(uname)" in a) ls;; *) tr a b;; esac', 'ls tr uname'],
    ['X=$(date) Y=`id` env; echo "now $(hostname)" ${Z:-$(whoami)}', 'date env hostname id whoami'],
    ['cat <<END\n$(nproc)\nEND\ncat <<"END"\n$(never)\nEND', 'cat nproc'],
    ['diff <(sort a) <(comm b)', 'comm diff sort'],
    ['( cd /tmp && tar x ) & wait; { stat x; }', 'stat tar'],
    ['"ls" \\rm l"s"x $\'c\\x70\'', 'ls'],
    ['/usr/bin/install a b; ./run; ../up', '../up ./run /usr/bin/install'],
    ['echo a; printf b; test c; [ d ]; true; local e; shopt -s f', ''],
    ['a=1', ''],
    ['# rm x', ''],
    ['"broken', 'broken?'],
    ['ls; fi; rm', 'ls? rm?'],
  ])('%s', async (text, expected) => {
    expect(await names(text)).toBe(expected);
  });
});

describe('variables', () => {
  test.each([
    ['A=/opt/a; B="$A/bin"; "$B/run" x; ${B}/go', '/opt/a/bin/go /opt/a/bin/run'],
    ['$A x; "$(which y)" z', 'which'],
    ['A=ls; A=dir; $A', 'dir? ls?'],
    ['${EDITOR:-vi} x', 'vi?'],
    ['read cmd; cmd=ls; $cmd', 'ls?'],
    ['for c in gcc cc; do $c x; done', 'cc? gcc?'],
    ['A=$(x); $A', 'x'],
    ['A=foo; A+=bar; $A', 'foo?'],
  ])('%s', async (text, expected) => {
    expect(await names(text)).toBe(expected);
  });

  test('of the environment are known', async () => {
    const script = await parseShellScript('"$HOME/bin/x"; $JAVA_HOME/bin/java', { HOME: '/srv' });
    expect(calledCommands([script]).commands).toEqual([{ name: '/srv/bin/x', certain: true }]);
  });
});

describe('functions', () => {
  test.each([
    ['f() { ls; }; f; command f; exec f', 'ls'],
    ['f() { ls; g; }; g() { rm; }; f', 'ls rm'],
    ['f() { ls; }; function g { rm; }', 'ls? rm?'],
  ])('%s', async (text, expected) => {
    expect(await names(text)).toBe(expected);
  });

  test('of a script that is read in are followed', async () => {
    const library = 'used() { ls; }\nunused() { rm; }\nuname\n';
    expect(await names('. /lib/functions\nused', library)).toBe('ls rm? uname');
    expect((await parseShellScript('f() { . /lib/a; }; L=/lib; source $L/b; . "$1"')).sourced).toEqual([
      '/lib/a',
      '/lib/b',
    ]);
  });
});

describe('tests', () => {
  test.each([
    ['if command -v curl >/dev/null; then curl x; fi', 'curl?'],
    ['which wget && wget x', 'wget? which'],
    [
      'type a >/dev/null 2>&1 && a; hash b && b; [ -x /bin/c ] && /bin/c; [[ -e /bin/d ]] && /bin/d',
      '/bin/c? /bin/d? a? b?',
    ],
    ['for c in docker podman; do command -v $c && break; done; docker ps', 'docker?'],
    ['test -d /x && ls', 'ls'],
  ])('%s', async (text, expected) => {
    expect(await names(text)).toBe(expected);
  });
});

describe('commands that start others', () => {
  test.each([
    ['exec -a name nginx -g x', 'nginx'],
    ['exec 3>&1', ''],
    ['command -p ls; builtin cd; nohup sleep 1', 'ls nohup sleep'],
    ['env -i -u B A=1 C=2 prog x', 'env prog'],
    ['env -S "x y"; env A=1', 'env'],
    ['nice -n 5 ionice -c2 -n 0 work', 'ionice nice work'],
    ['timeout -k 5 --signal=KILL 10 curl x', 'curl timeout'],
    ['find . -name x -exec rm {} \\; -o -execdir sh -c "mv a b" \\;', 'find mv rm sh'],
    ['ls | xargs -0 -n 1 -I{} cp {} x', 'cp ls xargs'],
    ['xargs', 'xargs'],
    ['sh -ec "ls; rm" name; bash --norc -c \'tac\'', 'bash ls rm sh tac'],
    ['sh /opt/x.sh a; bash x; sh -e ./y', './y /opt/x.sh bash sh'],
    ['eval "ls $A"; eval "rm x"; trap "kill 1; unlink x" EXIT; trap - EXIT', 'rm unlink'],
    ['flock -n /lock touch x; flock /lock -c "truncate x"', 'flock touch truncate'],
    ['busybox wget x; busybox sh -c "ls"', 'busybox ls'],
    ['stdbuf -oL -e0 setsid tini -s -- dumb-init app', 'app dumb-init setsid stdbuf tini'],
    ['sudo -u www -E A=b php x', 'php sudo'],
    ['su - app -c "run me"; su -c other app; su app', 'other run su'],
  ])('%s', async (text, expected) => {
    expect(await names(text)).toBe(expected);
  });

  test('name users and groups', async () => {
    const text =
      'gosu redis redis-server; su-exec app:web x; chown -R data:data /d; chgrp mail /m; chown 10:20 /n; sudo -u web y; su - me';
    const { users, groups } = await called(text);
    expect(users).toEqual(['app', 'data', 'me', 'redis', 'web']);
    expect(groups).toEqual(['data', 'mail', 'web']);
  });

  test('or the arguments of the script', async () => {
    expect((await called('set -e\nexec "$@"')).runsArguments).toBe(true);
    expect((await called('if x; then exec gosu app "$0" "$@"; fi\n"$@"')).runsArguments).toBe(true);
    expect((await called('ls "$@"')).runsArguments).toBe(false);
  });
});

test('a command line that no shell reads', async () => {
  const script = await parseCommandLine(['/sbin/tini', '--', 'nice', 'sh', '-c', 'ls $(id)', '$(never)']);
  expect(calledCommands([script]).commands.map(({ name }) => name)).toEqual(['/sbin/tini', 'id', 'ls', 'nice', 'sh']);
});

test('texts in texts end somewhere', async () => {
  const nested = Array.from({ length: 12 }).reduce<string>((text) => `eval ${JSON.stringify(text)}`, 'ls');
  expect(await names(nested)).toBe('');
});

test.each(['$(', '<(', '"$(', '`', '{ ', '${a:-', 'eval "', 'a=b ', 'case x in '])(
  'a script of nothing but %s ends',
  async (piece) => {
    expect(await called(piece.repeat(20_000))).toBeDefined();
  },
);

test('any text is read, in bounded time, and gives names a file could have', async () => {
  const piece = fc.constantFrom(
    ...[
      '$(',
      ')',
      '`',
      '"',
      "'",
      '${',
      '}',
      '<<E\n',
      '\nE\n',
      'ls ',
      'if ',
      'fi;',
      'case x in ',
      'esac;',
      '&& ',
      '| ',
      '\\',
      'eval ',
      'sh -c ',
      'A=b ',
      '$A ',
      '((',
      '[[ ',
      '{ ',
      'f() ',
      '\u0000',
      'é',
      '\n',
    ],
  );
  const text = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.array(piece, { maxLength: 300 }).map((parts) => parts.join('')),
  );
  await fc.assert(
    fc.asyncProperty(text, async (script) => {
      for (const { name } of (await called(script)).commands) expect(name).toMatch(/^[\w./+@%:,~-]+$/);
    }),
    { numRuns: 300 },
  );
});
