import { expect, test } from 'vitest';
import type { Finding } from '../../rules/finding.ts';
import { sarifOf } from './sarif.ts';

const finding = (code: Finding['code'], severity: Finding['severity'], path: string): Finding => ({
  code,
  severity,
  path,
  message: 'why',
  fix: 'what to do',
});

test('findings are results of rules, at places below the root of the image', () => {
  const findings = [
    finding('missing-library', 'error', '/usr/bin/a b#c'),
    finding('tmp-missing', 'warning', '/usr/bin/x'),
    finding('missing-library', 'error', '/usr/bin/\udc80'),
    finding('runs-as-root', 'info', '/'),
  ];
  const { version, runs } = sarifOf(findings, 'redis', '1.2.3');
  expect(version).toBe('2.1.0');
  const [run] = runs;
  expect(run?.tool.driver.rules.map(({ id }) => id)).toEqual(['missing-library', 'runs-as-root', 'tmp-missing']);
  expect(run?.results.map(({ ruleId, ruleIndex, level }) => [ruleId, ruleIndex, level])).toEqual([
    ['missing-library', 0, 'error'],
    ['tmp-missing', 2, 'warning'],
    ['missing-library', 0, 'error'],
    ['runs-as-root', 1, 'note'],
  ]);
  const uris = run?.results.map(({ locations }) => locations[0]?.physicalLocation.artifactLocation.uri);
  expect(uris).toEqual(['usr/bin/a%20b%23c', 'usr/bin/x', 'usr/bin/%EF%BF%BD', '.']);
});
