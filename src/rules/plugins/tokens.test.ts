import { expect, test } from 'vitest';
import { expandVariables, parseAssignments, parseStatements } from './tokens.ts';

function told(text: string) {
  return parseStatements(text).map(({ directive, values }) => [directive, ...values].join(' '));
}

test.each([
  [
    'directives and values',
    'Include /etc/a.conf\nLoadModule x "/lib/x y.so"',
    ['include /etc/a.conf', 'loadmodule x /lib/x y.so'],
  ],
  ['blocks and semicolons', 'http { include /etc/a; root /srv; }', ['include /etc/a', 'root /srv']],
  ['comments', '# include /no\n; include /no\n// include /no\ninclude /yes # not /this\n', ['include /yes']],
  ['assignments', 'user = daemon\nlogfile=/var/log/x', ['user daemon', 'logfile /var/log/x']],
  [
    'elements of XML',
    '<!-- <dir>/no</dir> -->\n<include ignore="yes">conf.d</include>',
    ['include ignore yes conf.d /include'],
  ],
  ['sections', '[main]\ninclude=/etc/x\n', ['include /etc/x']],
  ['joined lines', 'Include \\\n /etc/a', ['include /etc/a']],
  ['variables, whose braces end nothing', `User $\{APP_USER}\n`, [`user $\{APP_USER}`]],
])('statements: %s', (_, text, expected) => {
  expect(told(text)).toEqual(expected);
});

test('variables are expanded where they are known', () => {
  const variable = (name: string) => (name === 'DIR' ? '/var/log' : undefined);
  expect(expandVariables(`$\{DIR}/x.log`, variable)).toBe('/var/log/x.log');
  expect(expandVariables(`$\{OTHER}/x.log`, variable)).toBeUndefined();
  expect(expandVariables('$uri/', variable)).toBeUndefined();
  expect(expandVariables('/var/%d', variable)).toBeUndefined();
});

test('assignments of a shell file are read, with what was set before', () => {
  const text = 'export A=www-data\nB="x y"\n  export DIR=/run/app$SUFFIX\nexport C=$DIR/pid # end\nunset D\n';
  expect(Object.fromEntries(parseAssignments(text))).toEqual({
    A: 'www-data',
    B: 'x y',
    DIR: '/run/app',
    C: '/run/app/pid',
  });
});
