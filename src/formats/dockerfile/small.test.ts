import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sharedFixture } from '../../../test/shared.ts';
import { type GitReference, parseGitReference } from './git.ts';
import { parseMode } from './mode.ts';
import { parsePorts } from './ports.ts';
import { parseBytes, parseDuration } from './sizes.ts';

const references = sharedFixture('buildkit-gitref/cases.json');
const tables = sharedFixture('buildkit-tables');

describe('git references', () => {
  interface Row {
    ref: string;
    err?: string;
    expected?: Record<string, string | boolean> | null;
  }
  it.skipIf(references === undefined)('are read as by BuildKit, 39 of them', () => {
    const rows: Row[] = JSON.parse(readFileSync(references!, 'utf8'));
    expect(rows).toHaveLength(39);
    for (const { ref, err, expected } of rows) {
      if (err !== undefined) expect(() => parseGitReference(ref)).toThrow(err);
      else expect([ref, asInGo(parseGitReference(ref))]).toEqual([ref, expected]);
    }
  });

  /** Without what is not set, and without the scheme that we put before github.com/…, as git needs it. */
  function asInGo(reference: GitReference | undefined): Record<string, unknown> | null {
    if (reference === undefined) return null;
    const { looksLocal, remote } = reference;
    const fields = {
      Remote: looksLocal ? remote.replace('https://', '') : remote,
      ShortName: reference.shortName,
      Ref: reference.ref,
      SubDir: reference.subdir,
      Checksum: reference.checksum,
      FetchByCommit: reference.fetchByCommit || undefined,
      MTime: reference.mtime,
      IndistinguishableFromLocal: looksLocal || undefined,
      UnencryptedTCP: reference.unencrypted || undefined,
    };
    return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  }

  it('have flags, and no doors into git', () => {
    const reference = parseGitReference('ssh://git@host/a/b.git?submodules=0&keep-git-dir&commit=abc');
    expect(reference).toMatchObject({ submodules: false, keepGitDir: true, checksum: 'abc', shortName: 'b' });
    for (const text of ['ssh://-oProxyCommand=x/y', 'a@-x:y', 'git@host:-x', 'ext::sh -c x', 'file:///x.git', 'a b']) {
      expect([text, parseGitReference(text)]).toEqual([text, undefined]);
    }
    expect(() => parseGitReference('https://h/a.git?subdri=x')).toThrow(
      expect.objectContaining({ code: 'INVALID', hint: 'did you mean subdir?' }),
    );
    expect(() => parseGitReference('https://h/a.git?ref=x&ref=y')).toThrow(/more than one/);
  });
});

describe('ports', () => {
  it.skipIf(tables === undefined)('are refused with the words of BuildKit where there is none', () => {
    const rows: { spec: string; expError: string }[] = JSON.parse(
      readFileSync(`${tables}/convert_expose.TestParsePortEmptyContainerPort.json`, 'utf8'),
    );
    expect(rows).toHaveLength(3);
    for (const { spec, expError } of rows) expect(() => parsePorts([spec])).toThrow(expError);
  });

  it('are numbers, ranges and protocols', () => {
    expect(parsePorts(['80', '53/UDP', '8000-8002/sctp', '127.0.0.1:1-2:9/tcp', '[::1]:5:6', '7/'])).toEqual([
      '80/tcp',
      '53/udp',
      '8000/sctp',
      '8001/sctp',
      '8002/sctp',
      '9/tcp',
      '6/tcp',
      '7/tcp',
    ]);
    for (const bad of ['x', '70000', '5-3', '80/htp', '1-2:3-5', '300.1.1.1:1:2', '-1', '1:2:3:4:5']) {
      expect(() => parsePorts([bad])).toThrow(/invalid port/);
    }
  });
});

describe('modes', () => {
  const MODES = [
    '+x',
    'a+w',
    '-w',
    'u+s,g-w',
    'go=u',
    '=r',
    'o=',
    'u=g+x',
    'ug+rwX,o-rwx',
    '+t',
    'a=X',
    '0644',
    '4711',
    'g=o-x+w',
  ];

  it('are those of chmod', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pare-mode-'));
    const path = join(folder, 'file');
    writeFileSync(path, '');
    try {
      for (const mode of MODES) {
        for (const before of [0o644, 0o755, 0o600, 0o4750]) {
          chmodSync(path, before);
          execFileSync('sh', ['-c', 'umask 0; chmod -- "$1" "$2"', 'sh', mode, path], { stdio: 'ignore' });
          const after = statSync(path).mode & 0o7777;
          const ours = parseMode(mode)(before, false);
          expect([mode, before.toString(8), ours.toString(8)]).toEqual([mode, before.toString(8), after.toString(8)]);
        }
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('ask for X what the file was before, and leave the sticky bit to t', () => {
    expect(parseMode('u=rwx,go=rX')(0o644, false)).toBe(0o744);
    expect(parseMode('u=rwx,go=rX')(0o644, true)).toBe(0o755);
    expect(parseMode('=r')(0o1755, false)).toBe(0o1444);
    expect(parseMode('o+t')(0o755, false)).toBe(0o755);
    expect(parseMode('-X')(0o755, false)).toBe(0o644);
  });

  it.each(['', '8', '77777', 'u', 'x+x', 'u=rwx,', 'u+ur', '+y'])('"%s" is none', (bad) => {
    expect(() => parseMode(bad)).toThrow(/no file mode/);
  });
});

describe('numbers with units', () => {
  it('are those of Go', () => {
    expect(['1h30m', '1.5s', '.5ms', '0', '+2us', '-1ns', '1', '', 's', '1x', '9999999h'].map(parseDuration)).toEqual([
      5_400_000_000_000,
      1_500_000_000,
      500_000,
      0,
      2000,
      -1,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(['512', '64m', '1.5 GiB', '2kb', '10B', '', '-1', '1z'].map(parseBytes)).toEqual([
      512,
      67108864,
      1610612736,
      2048,
      10,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
