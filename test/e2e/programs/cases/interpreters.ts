/** Language runtimes: their standard libraries are data and modules that no loader knows of. @module */
import assert from 'node:assert/strict';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProgramCase } from '../case.ts';
import { NAME, PAGE } from '../servers.ts';

const PYTHON = `
import ssl, json, sqlite3, sys, urllib.request, zlib, hashlib, ctypes, decimal, asyncio, subprocess, lzma, bz2, xml.dom.minidom
print(json.loads(json.dumps({"a": [1, 2]}))["a"][1])
db = sqlite3.connect(":memory:")
db.execute("create table t (x)")
db.executemany("insert into t values (?)", [(1,), (41,)])
print(db.execute("select sum(x) from t").fetchone()[0])
context = ssl.create_default_context(cafile=sys.argv[2])
print(urllib.request.urlopen(sys.argv[1], context=context).read().decode(), end="")
`;

export const python: ProgramCase = {
  program: 'python3',
  debianPackage: 'python3',
  standardLibrary: ['libpython3.11-minimal', 'libpython3.11-stdlib'],
  test: async (runner, { httpsPort, authority }) => {
    const script = join(runner.dir, 'test.py');
    await writeFile(script, PYTHON);
    const copy = await copyInto(runner.dir, authority);
    const done = await runner.run({ args: [script, `https://${NAME}:${httpsPort}/`, copy] });
    assert.equal(done.stdout, `2\n42\n${PAGE}`, done.stderr);
    const offline = await runner.run({
      args: ['-c', 'import encodings.idna, email, unittest; print("ok")'],
      network: false,
    });
    assert.equal(offline.stdout, 'ok\n', offline.stderr);
  },
};

const PERL = `
use strict; use warnings;
use POSIX qw(floor); use List::Util qw(sum); use Socket; use Data::Dumper; use File::Spec; use IO::Socket::INET; use JSON::PP;
print floor(2.5) + sum(1, 39), "\\n";
print decode_json('{"a":[1,2]}')->{a}[1], "\\n";
my $s = IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1]) or die "connect: $@";
print $s "GET / HTTP/1.0\\r\\n\\r\\n";
my $body = 0;
while (<$s>) { print if $body; $body = 1 if /^\\r\\n$/ }
`;

export const perl: ProgramCase = {
  program: 'perl',
  debianPackage: 'perl',
  standardLibrary: ['perl-base', 'libperl5.36', 'perl-modules-5.36'],
  test: async (runner, { httpPort }) => {
    const script = join(runner.dir, 'test.pl');
    await writeFile(script, PERL);
    const done = await runner.run({ args: [script, NAME, String(httpPort)] });
    assert.equal(done.stdout, `42\n2\n${PAGE}`, done.stderr);
    const offline = await runner.run({
      args: ['-MEncode', '-e', 'print length encode("UTF-8", "\\x{e9}")'],
      network: false,
    });
    assert.equal(offline.stdout, '2', offline.stderr);
  },
};

const NODE = `
const https = require('node:https'), fs = require('node:fs'), crypto = require('node:crypto'), zlib = require('node:zlib');
console.log(crypto.createHash('sha256').update('pare').digest('hex').length, zlib.gunzipSync(zlib.gzipSync('x')).toString());
console.log(new Intl.NumberFormat('de-DE').format(1234.5), new Date(0).toLocaleString('en-US', { timeZone: 'UTC' }).length > 0);
https.get(process.argv[2], { ca: fs.readFileSync(process.argv[3]) }, (response) => response.pipe(process.stdout));
`;

export const node: ProgramCase = {
  program: 'node',
  debianPackage: 'nodejs',
  test: async (runner, { httpsPort, authority }) => {
    const script = join(runner.dir, 'test.cjs');
    await writeFile(script, NODE);
    const copy = await copyInto(runner.dir, authority);
    const done = await runner.run({ args: [script, `https://${NAME}:${httpsPort}/`, copy] });
    assert.equal(done.stdout, `64 x\n1.234,5 true\n${PAGE}`, done.stderr);
    const offline = await runner.run({
      args: ['-e', 'fetch("data:,hi").then(r=>r.text()).then(console.log)'],
      network: false,
    });
    assert.equal(offline.stdout, 'hi\n', offline.stderr);
  },
};

/** A copy of a file at a place that the program under test sees. */
async function copyInto(dir: string, file: string): Promise<string> {
  const copy = join(dir, 'authority.pem');
  await copyFile(file, copy);
  return copy;
}
