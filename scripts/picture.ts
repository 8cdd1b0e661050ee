/**
 * `node scripts/picture.ts`: runs the README's example for real, in a terminal of its own, and draws what it printed as
 * `docs/images/pack.svg`. Needs Debian's redis-server, runc, and script(1) of util-linux.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COMMANDS = [
  'pare pack redis-server -t redis',
  'pare check redis',
  'pare why redis /usr/lib/x86_64-linux-gnu/libgcrypt.so.20.4.1',
  'pare run redis -- --version',
];
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
  const env = { ...process.env, PARE_HOME: home, PATH: `${home}/bin:${process.env['PATH']}`, TERM: 'xterm-256color' };
  const sized = `stty cols ${COLUMNS} rows 50; ${command}`;
  const done = spawnSync('script', ['-qefc', sized, '/dev/null'], { env, encoding: 'utf8', input: '' });
  if (done.status !== 0) throw new Error(`${command} ended with ${done.status}:\n${done.stdout}${done.stderr}`);
  return done.stdout.replaceAll('\r\n', '\n');
}

/** What is left on the screen of a text that redraws its last line: carriage returns and erasures applied. */
function settled(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.split(/\r|\u001b\[[0-9]*[GK]|\u001b\[\?25[hl]/).findLast((part) => part !== '') ?? '')
    .map((line) => line.replace(/\u001b\[[0-9;?]*[A-HJ-ln-z]/g, ''));
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

const home = mkdtempSync(join(tmpdir(), 'pare-picture-'));
try {
  mkdirSync(join(home, 'bin'));
  writeFileSync(join(home, 'bin', 'pare'), `#!/bin/sh\nexec "${process.execPath}" "${ROOT}bin/pare.js" "$@"\n`, {
    mode: 0o755,
  });
  const lines = COMMANDS.flatMap((command) => {
    const printed = settled(inTerminal(command, home));
    while (printed.at(-1) === '') printed.pop();
    return [`\u001b[32m$\u001b[0m \u001b[1m${command}\u001b[0m`, ...printed.flatMap(wrapped), ''];
  });
  lines.pop();
  const height = lines.length * 18 + 28;
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${COLUMNS * 8 + 32}" height="${height}" viewBox="0 0 ${COLUMNS * 8 + 32} ${height}">`,
    '<title>pare packs, checks, explains and runs redis-server</title>',
    '<rect width="100%" height="100%" rx="8" fill="#0d1117"/>',
    '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13" fill="#e6edf3">',
    ...lines.map((line, index) => drawLine(line, 28 + index * 18)),
    '</g>',
    '</svg>',
  ];
  mkdirSync(join(ROOT, 'docs', 'images'), { recursive: true });
  writeFileSync(join(ROOT, 'docs', 'images', 'pack.svg'), `${svg.join('\n')}\n`);
} finally {
  rmSync(home, { recursive: true, force: true });
}
