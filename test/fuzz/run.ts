/** What `pare run` and `pare inspect` read of an image before anything of it runs, and templates. @module */
import { renderTemplate } from '../../src/cli/template/render.ts';
import { treeFiles } from '../../src/ports/tree-files.ts';
import { tinyProgram } from '../../src/sandbox/doctor/tiny-program.ts';
import type { RunPlan } from '../../src/sandbox/plan.ts';
import { preflight } from '../../src/sandbox/preflight.ts';
import { programUser } from '../../src/sandbox/users.ts';
import { treeOf } from '../images.ts';

const text = (words: string) => new TextEncoder().encode(words);

/** The bytes are passwd and group, and their first line says who is asked for. */
export const users = {
  name: 'passwd',
  async run(bytes: Uint8Array) {
    const files = treeFiles(treeOf({ '/etc/passwd': bytes, '/etc/group': bytes }));
    const [wanted = ''] = new TextDecoder().decode(bytes).split('\n', 1);
    await programUser(files, wanted);
  },
  seeds: () => [
    text('redis:ssl\nroot:x:0:0:root:/root:/bin/sh\nredis:x:999:998::/var:/bin/false\nssl:x:5:redis,root\n'),
    text('0:0\n'),
    text('4294967295:x\n::::\nx:x:999999999999999999999:0::/:\n'),
  ],
};

const PLAN: RunPlan = {
  process: { args: ['/program'], env: [], cwd: '/', uid: 0, gid: 0, groups: [] },
  hostname: 'x',
  network: 'none',
  readOnly: false,
  volumes: [],
  scratch: [],
  stdin: false,
  terminal: false,
  output: 'ignore',
};

export const programs = {
  name: 'preflight',
  run: (bytes: Uint8Array) =>
    preflight(treeFiles(treeOf({ '/program': bytes }, { mode: 0o755, uid: 0, gid: 0 })), PLAN),
  seeds: () =>
    [tinyProgram('x64'), tinyProgram('arm64'), text('#!/bin/sh -e\n'), text('#!/program\n')].flatMap(
      (seed) => seed ?? [],
    ),
};

const VALUE = { Id: 'sha256:0', Size: 1, List: ['a', 'b'], Map: { a: '1', b: '2' }, Config: { Env: ['A=b'] } };

export const templates = {
  name: 'template',
  run(bytes: Uint8Array) {
    renderTemplate(new TextDecoder().decode(bytes), VALUE);
  },
  seeds: () => [
    text('{{range $i, $x := .List}}{{if $i}}, {{else}}{{$x | printf "%-5s"}}{{end}}{{end}}'),
    text('{{with .Map}}{{index . "a"}}{{end}} {{- /* x */ -}} {{json .Config}} {{(index .List 0) | len}}'),
    text('{{$x := `raw`}}{{$x = "y"}}{{slice .Id 1 3}} {{and .Size (not .Nope)}}'),
  ],
};
