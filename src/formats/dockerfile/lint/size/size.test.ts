// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the shell's syntax that is tested
import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { parseDockerfile } from '../../parse.ts';
import { LINT_RULES, SIZE_RULES, type SizeRule } from '../rules.ts';
import { lintSize } from './size.ts';
import type { SizeOptions } from './stages.ts';

/** Rule and line of each finding. */
async function found(text: string, options: SizeOptions = {}): Promise<string[]> {
  const findings = await lintSize(parseDockerfile(text), options);
  return findings.map(({ rule, range }) => `${rule}:${range.start.line}`);
}

const APT = 'RUN --mount=type=cache,target=/var/cache/apt --mount=type=cache,target=/var/lib/apt';

/** Rule → files with findings of that rule alone, in these lines, and files without any at all. */
const CASES: Record<SizeRule, { bad: [string, number[], SizeOptions?][]; good: [string, SizeOptions?][] }> = {
  PackageCacheLeft: {
    bad: [
      ['FROM debian\nRUN apt-get update && apt-get install -y curl', [2]],
      ['FROM debian\nRUN set -eux; \\\n  export A=b; \\\n  apt-get -qq update; \\\n  apt-get install -y curl', [4]],
      ['FROM debian\nRUN ["apt-get", "update"]', [2]],
      ['FROM debian\nRUN ["/bin/sh", "-c", "apt-get update"]', [2]],
      ['FROM debian\nRUN <<E\nset -e\nsudo apt-get update\nE', [4]],
      ['FROM alpine\nRUN apk add curl', [2]],
      ['FROM fedora\nRUN dnf -y install curl\nRUN microdnf install x && microdnf clean all', [2]],
      ['FROM python:3-slim\nRUN pip install a\nRUN python3 -m pip install b', [2, 3]],
      ['FROM node:22-slim\nRUN npm ci --omit=dev', [2]],
      ['FROM a AS b\nRUN apk add x\nFROM b', [2]],
    ],
    good: [
      ['FROM debian\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*'],
      ['FROM debian\nRUN apt-get update; find /var/lib/apt/lists -type f -delete'],
      ['FROM debian\nRUN apt-get update && rm -rf /var/lib/apt'],
      ['FROM debian\nRUN apt-get update\nRUN rm -rf /var/lib/apt/lists', { squash: true }],
      [`FROM debian\n${APT} apt-get update && apt-get install -y curl`],
      ['FROM debian\nRUN --mount=type=tmpfs,target=/var/lib/apt/lists apt-get update'],
      ['FROM debian\nARG L=/var/lib/apt\nRUN --mount=type=cache,dst=$L apt-get update'],
      ['FROM debian AS build\nRUN apt-get update\nFROM scratch\nCOPY --from=build /a /a'],
      ['FROM alpine\nRUN apk add --no-cache curl\nRUN apk add --no-cache=true b'],
      ['FROM alpine\nRUN apk add curl && rm -f /var/cache/apk/*'],
      ['FROM fedora\nRUN dnf install -y a && dnf clean all\nRUN dnf --version'],
      ['FROM python:3-slim\nENV PIP_NO_CACHE_DIR=1\nRUN pip install a'],
      ['FROM python:3-slim\nRUN pip install --no-cache-dir a\nRUN PIP_NO_CACHE_DIR=1 pip3 install b'],
      ['FROM python:3-slim\nUSER app\nRUN --mount=type=cache,target=/home/app/.cache pip install a'],
      ['FROM node:22-slim\nRUN --mount=type=cache,target=/root/.npm npm ci\nRUN npm ci && npm cache clean --force'],
      ['FROM debian\nRUN echo apt-get update'],
      ['FROM debian\nRUN <<E\n#!/usr/bin/python3\napt-get update\nE'],
    ],
  },
  RemovedInLaterLayer: {
    bad: [
      ['FROM debian\nRUN apt-get update\nRUN rm -rf /var/lib/apt/lists/*', [3]],
      ['FROM fedora\nRUN dnf install -y a\nRUN dnf clean all', [3]],
      ['FROM a\nCOPY x.tar /tmp/\nRUN tar xf /tmp/x.tar && rm /tmp/x.tar', [3]],
      ['FROM a\nWORKDIR /src\nCOPY . .\nRUN make install && cd / && \\\n  rm -rf /src', [5]],
      ['FROM a\nADD https://example.org/a/x.zip /tmp/y.zip\nRUN unzip /tmp/y.zip; rm /tmp/*.zip', [3]],
      ['FROM a\nRUN curl -fsSL https://example.org/x -o /x\nRUN rm /x', [3]],
      ['FROM a\nWORKDIR /w\nRUN wget https://example.org/x.tgz\nRUN rm x.tgz', [4]],
      ['FROM a\nRUN git clone --depth 1 https://example.org/x.git /x\nRUN rm -rf /x', [3]],
      ['FROM alpine\nRUN apk add --no-cache -t .deps curl\nRUN apk del .deps', [3]],
      ['FROM debian\nRUN dpkg -l && apt-get install -y curl wget\nRUN apt-get purge -y curl', [3]],
    ],
    good: [
      ['FROM a\nCOPY x.tar /tmp/\nRUN rm /tmp/x.tar', { squash: true }],
      ['FROM a\nRUN curl https://example.org/x -o /x && rm /x'],
      ['FROM a\nCOPY . /src\nRUN rm -rf /src/node_modules /tmp/*'],
      ['FROM a\nCOPY x /x\nFROM a\nRUN rm -rf /x'],
      ['FROM a\nRUN rm -rf /etc/nginx/conf.d/*'],
      ['FROM a\nCOPY x /x\nRUN rm -rf $x ${y}/z'],
      ['FROM fedora\nRUN dnf install a && dnf clean all\nRUN dnf install b && dnf clean all'],
      ['FROM a\nCOPY x /opt/x\nRUN rm -rf /op /opt/xy'],
    ],
  },
  ChangedInLaterLayer: {
    bad: [
      ['FROM a\nCOPY run.sh /run.sh\nRUN chmod +x /run.sh', [3]],
      ['FROM a\nCOPY run.sh /usr/bin/\nRUN chmod 755 /usr/bin/run.sh', [3]],
      ['FROM a\nWORKDIR /app\nCOPY . .\nRUN adduser app && \\\n  chown -R app:app /app', [5]],
      ['FROM a\nWORKDIR /app\nCOPY . .\nRUN chown -R app .', [4]],
      ['FROM a\nADD x /x\nRUN chgrp 5 /x', [3]],
      ['FROM a\nCOPY a.sh b.sh /s/\nRUN chmod +x /s/*.sh', [3]],
    ],
    good: [
      ['FROM a\nCOPY --chmod=755 run.sh /run.sh\nRUN /run.sh'],
      ['FROM a\nCOPY run.sh /run.sh\nRUN chmod 755 /other'],
      ['FROM a\nCOPY x /app/x\nRUN mkdir /data && chown app /app /data'],
      ['FROM a\nCOPY run.sh /run.sh\nRUN chmod +x /run.sh', { squash: true }],
      ['FROM a\nCOPY . /src\nRUN make && chmod +x /src/out/x'],
    ],
  },
  BuildToolsInFinalStage: {
    bad: [
      ['FROM golang:1.22\nCOPY . .\nRUN go build', [1]],
      ['ARG V=1\nFROM rust:$V AS b\nRUN cargo build\nFROM b AS c', [2]],
      ['FROM mcr.microsoft.com/dotnet/sdk:8.0\nRUN dotnet build', [1]],
      ['FROM debian\nRUN apt-get install -y \\\n  gcc make libssl-dev curl', [2]],
      ['FROM alpine\nRUN apk add --no-cache build-base', [2]],
    ],
    good: [
      ['FROM golang AS b\nRUN go build\nFROM scratch\nCOPY --from=b /a /a'],
      ['FROM alpine\nRUN apk add --no-cache --virtual .build gcc musl-dev && make && apk del .build'],
      ['FROM debian\nRUN apt-get install -y gcc && make && apt-get purge -y gcc'],
      ['FROM debian\nRUN apt-get install -y gcc && make && apt-get purge -y --auto-remove $deps'],
      ['FROM debian\nRUN apt-get install -y makepasswd gcc-14-base libgcc-s1'],
      ['FROM debian AS b\nRUN apt-get install gcc\nFROM debian AS c\nRUN x', { target: 'c' }],
    ],
  },
  CopiedTwice: {
    bad: [
      ['FROM a\nCOPY x /y\nCOPY ./x /z', [3]],
      ['FROM a\nCOPY --from=b /x /y\nCOPY --from=b /x /z', [3]],
      ['FROM a AS b\nCOPY x y /c/\nFROM b\nADD y /z', [4]],
    ],
    good: [
      ['FROM a\nCOPY package.json ./\nRUN x\nCOPY . .'],
      ['FROM a\nCOPY --from=b /x /y\nCOPY --from=c /x /z'],
      ['FROM a AS b\nCOPY x /y\nFROM a\nCOPY x /y'],
      ['FROM a\nCOPY --exclude=*.a x /y\nCOPY --exclude=*.b x /y'],
      ['FROM a\nCOPY $A /y\nCOPY $A /z\nCOPY . /b\nCOPY . /c'],
    ],
  },
  BaseLargerThanUsed: {
    bad: [
      ['FROM golang AS b\nFROM debian:12\nCOPY --from=b /o/app /app\nENTRYPOINT ["/app"]', [2]],
      ['FROM rust:1 AS b\nFROM b AS c\nFROM ubuntu\nCOPY --from=c /app /bin/\nCMD ["/bin/app", "-x"]', [3]],
      ['FROM node:22 AS b\nRUN npm ci\nFROM node:22\nCOPY --from=b /app /app\nCMD ["node", "/app"]', [3]],
    ],
    good: [
      ['FROM golang AS b\nFROM scratch\nCOPY --from=b /app /app\nENTRYPOINT ["/app"]'],
      ['FROM golang AS b\nFROM debian:12-slim\nCOPY --from=b /app /app\nENTRYPOINT ["/app"]'],
      ['FROM golang AS b\nFROM debian:12\nRUN useradd a\nCOPY --from=b /app /app\nENTRYPOINT ["/app"]'],
      ['FROM golang AS b\nFROM debian:12\nCOPY --from=b /app /app\nCMD /app'],
      ['FROM node:22-alpine\nCOPY --from=b /app /app'],
      ['FROM debian\nCOPY x /x\nCMD ["/x"]'],
    ],
  },
};

describe.each(Object.keys(SIZE_RULES) as SizeRule[])('%s', (rule) => {
  it.each(CASES[rule].bad)('finds %j', async (text, lines, options) => {
    expect(await found(text, options)).toEqual(lines.map((line) => `${rule}:${line}`));
  });
  it.each(CASES[rule].good)('is content with %j', async (text, options) => {
    expect(await found(text, options)).toEqual([]);
  });
});

test('the documentation has every rule', () => {
  const text = readFileSync(new URL('../../../../../docs/build-checks.md', import.meta.url), 'utf8');
  const told = [...text.matchAll(/^\| `(\w+)`/gm)].map((match) => match[1]);
  expect(told.sort()).toEqual([...Object.keys(LINT_RULES), ...Object.keys(SIZE_RULES)].sort());
});

describe('lintSize', () => {
  it('says what and where, and what to do', async () => {
    const [finding] = await lintSize(parseDockerfile('FROM debian\nRUN true && \\\n  apt-get update'));
    expect(finding).toEqual({
      rule: 'PackageCacheLeft',
      message:
        'apt-get update leaves its package lists in the layer (/var/lib/apt/lists): end the same RUN with "rm -rf /var/lib/apt/lists/*", or give it --mount=type=cache,target=/var/lib/apt',
      range: { start: { line: 3, column: 3 }, end: { line: 3, column: 17 } },
    });
  });

  it('takes bounded time for a file of any length', async () => {
    const step = (_: unknown, i: number) => `COPY f${i} /f${i}\nRUN apt-get update && rm /g${i} && chmod 1 /f${i}`;
    const file = parseDockerfile(`FROM a\n${Array.from({ length: 4000 }, step).join('\n')}`);
    const started = performance.now();
    expect((await lintSize(file)).length).toBe(500);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('obeys the directive', async () => {
    const file = 'FROM debian\nRUN apt-get update\nCOPY x /x\nRUN chmod 1 /x';
    expect(await found(`# check=skip=PackageCacheLeft\n${file}`)).toEqual(['ChangedInLaterLayer:5']);
    expect(await found(`# check=skip=all\n${file}`)).toEqual([]);
  });
});
