/**
 * `node scripts/picture.ts [NAME…]`: runs the README's examples for real, in a terminal of their own, and draws what they printed as
 * `docs/images/NAME.svg`. Needs runc, and script(1) of util-linux; `pack` Debian's redis-server; `build` root and mmdebstrap.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { debianTree } from '../test/e2e/trees.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

interface Picture {
  readonly title: string;
  readonly commands: readonly string[];
  /** What is there before, in the directory where the commands run. */
  prepare?(home: string): void;
}

const DOCKERFILE = `FROM debian:12 AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev
COPY hello.c .
RUN gcc -O2 -o /hello hello.c

FROM debian:12
COPY --from=build /hello /hello
CMD ["/hello"]
`;

const PICTURES: Readonly<Record<string, Picture>> = {
  pack: {
    title: 'pare packs, checks, explains and runs redis-server',
    commands: [
      'pare pack redis-server -t redis',
      'pare check redis',
      'pare why redis /usr/lib/x86_64-linux-gnu/libgcrypt.so.20.4.1',
      'pare run redis -- --version',
    ],
  },
  build: {
    title: 'pare builds a Dockerfile, says how it could be smaller, and makes it so',
    commands: ['cat Dockerfile', 'pare build -t hello .', 'pare build --pack /hello -t small .', 'pare run small'],
    prepare(home) {
      writeFileSync(join(home, 'app', 'Dockerfile'), DOCKERFILE);
      writeFileSync(join(home, 'app', 'hello.c'), '#include <stdio.h>\nint main(void) { return puts("hello") < 0; }\n');
      const tree = debianTree({ suite: 'bookworm' });
      if (tree === undefined) throw new Error('the base image needs mmdebstrap and root');
      inTerminal(`pare append scratch rootfs:${tree} -t debian:12`, home);
    },
  },
};
const COLUMNS = 118;

interface Style {
  readonly colour: string | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
}

const PLAIN: Style = { colour: undefined, bold: false, dim: false };
const COLOURS: Readonly<Record<string, string>> = {
  31: '#ff7b72',
  32: '#7ee787',
  33: '#e3b341',
  34: '#79c0ff',
  35: '#d2a8ff',
  36: '#76e3ea',
  90: '#8b949e',
};

/** Standard output and error of the command as a terminal got them. */
function inTerminal(command: string, home: string): string {
  const env = {
    ...process.env,
    PARE_HOME: join(home, 'store'),
    PATH: `${home}/bin:${process.env['PATH']}`,
    TERM: 'xterm-256color',
  };
  const sized = `stty cols ${COLUMNS} rows 50; ${command}`;
  const done = spawnSync('script', ['-qefc', sized, '/dev/null'], {
    cwd: join(home, 'app'),
    env,
    encoding: 'utf8',
    input: '',
    maxBuffer: 2 ** 30,
  });
  if (done.status !== 0) throw new Error(`${command} ended with ${done.status}:\n${done.stdout}${done.stderr}`);
  return done.stdout.replaceAll('\r\n', '\n');
}

interface Screen {
  readonly rows: string[][];
  x: number;
  y: number;
  style: string;
}

/** What is left on the screen: carriage returns, the cursor going up, and erasures applied; colours stay with their letters. */
function settled(text: string): string[] {
  const screen: Screen = { rows: [[]], x: 0, y: 0, style: '' };
  for (const [token] of text.matchAll(/\u001b\[[0-9;?]*[A-Za-z]|[^\u001b]/gu)) {
    if (token.startsWith('\u001b')) control(screen, token);
    else write(screen, token);
    while (screen.rows.length <= screen.y) screen.rows.push([]);
  }
  // One colour for many letters is written once.
  return screen.rows.map((row) =>
    row
      .join('')
      .replace(/(\u001b\[[0-9;]+m)([^\u001b]*)\u001b\[0m(?:\1([^\u001b]*)\u001b\[0m)+/g, (run, colour: string) => {
        return `${colour}${run.replaceAll(/\u001b\[[0-9;]*m/g, '')}\u001b[0m`;
      })
      .trimEnd(),
  );
}

function control(screen: Screen, token: string): void {
  const { rows, x, y } = screen;
  const row = rows[y] ?? [];
  const count = token.slice(2, -1);
  if (token.endsWith('A')) screen.y = Math.max(0, y - Number(count || 1));
  else if (token.endsWith('K')) row.splice(x);
  else if (token.endsWith('J')) rows.splice(y, rows.length, row.slice(0, x));
  else if (token.endsWith('m')) screen.style = /^(?:0?|22|39)$/.test(count) ? '' : token;
}

function write(screen: Screen, letter: string): void {
  const { rows, x, y, style } = screen;
  const row = rows[y] ?? [];
  if (letter === '\n') screen.y++;
  if (letter === '\n' || letter === '\r') screen.x = 0;
  else {
    while (row.length < x) row.push(' ');
    row[screen.x++] = style === '' ? letter : `${style}${letter}\u001b[0m`;
  }
}

/** Lines as a terminal of that width shows them: colour codes take no room. */
function wrapped(line: string): string[] {
  const rows = [''];
  let column = 0;
  for (const piece of line.match(/\u001b\[[0-9;]*m|./gu) ?? []) {
    if (!piece.startsWith('\u001b') && column++ === COLUMNS) {
      rows.push('');
      column = 1;
    }
    rows[rows.length - 1] += piece;
  }
  return rows;
}

function drawLine(line: string, y: number): string {
  let style = PLAIN;
  const spans = line.split(/\u001b\[([0-9;]*)m/).map((part, index) => {
    if (index % 2 === 0) return part === '' ? '' : `<tspan${attributes(style)}>${escapeXml(part)}</tspan>`;
    for (const code of part.split(';')) style = restyled(style, code);
    return '';
  });
  return `<text x="16" y="${y}" xml:space="preserve">${spans.join('')}</text>`;
}

function restyled(style: Style, code: string): Style {
  if (code === '' || code === '0') return PLAIN;
  if (code === '1') return { ...style, bold: true };
  if (code === '2') return { ...style, dim: true };
  if (code === '22') return { ...style, bold: false, dim: false };
  if (code === '39') return { ...style, colour: undefined };
  return { ...style, colour: COLOURS[code] ?? style.colour };
}

function attributes({ colour, bold, dim }: Style): string {
  return [
    colour === undefined ? '' : ` fill="${colour}"`,
    bold ? ' font-weight="bold"' : '',
    dim ? ' opacity="0.65"' : '',
  ].join('');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Runs the commands, and draws what they printed. */
function draw(name: string, { title, commands, prepare }: Picture): void {
  const home = mkdtempSync(join(tmpdir(), 'pare-picture-'));
  try {
    for (const dir of ['bin', 'app']) mkdirSync(join(home, dir));
    const script = `#!/bin/sh\nexec "${process.execPath}" "${ROOT}bin/pare.js" "$@"\n`;
    writeFileSync(join(home, 'bin', 'pare'), script, { mode: 0o755 });
    prepare?.(home);
    const lines = commands.flatMap((command) => {
      const printed = settled(inTerminal(command, home));
      while (printed.at(-1) === '') printed.pop();
      return [`\u001b[32m$\u001b[0m \u001b[1m${command}\u001b[0m`, ...printed.flatMap(wrapped), ''];
    });
    lines.pop();
    mkdirSync(join(ROOT, 'docs', 'images'), { recursive: true });
    writeFileSync(join(ROOT, 'docs', 'images', `${name}.svg`), svgOf(title, lines));
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function svgOf(title: string, lines: readonly string[]): string {
  const [width, height] = [COLUMNS * 8 + 32, lines.length * 18 + 28];
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<title>${title}</title>`,
    '<rect width="100%" height="100%" rx="8" fill="#0d1117"/>',
    '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13" fill="#e6edf3">',
    ...lines.map((line, index) => drawLine(line, 28 + index * 18)),
    '</g>',
    '</svg>',
  ];
  return `${svg.join('\n')}\n`;
}

for (const name of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PICTURES)) {
  const picture = PICTURES[name];
  if (picture === undefined)
    throw new Error(`there is no picture ${name}: there are ${Object.keys(PICTURES).join(', ')}`);
  draw(name, picture);
}
