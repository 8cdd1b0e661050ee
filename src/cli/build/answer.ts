/** Answers to `--check` and `--call`: as text, as our own document (`--json`), as BuildKit's (`--call METHOD,format=json`). @module */
import { countOf } from '../../base/count.ts';
import { LINT_RULES, SIZE_RULES } from '../../formats/dockerfile/lint/rules.ts';
import { type Outline, type OutlineMount, outlineOf } from '../../formats/dockerfile/outline/outline.ts';
import { type Target, targetsOf } from '../../formats/dockerfile/outline/targets.ts';
import type { Dockerfile, Range } from '../../formats/dockerfile/types.ts';
import { assertBuildable, type CheckedLine, checkDockerfile, readBuildFile } from '../../operations/build/check.ts';
import type { BuildOptions } from '../../operations/build/options.ts';
import type { Context } from '../command.ts';
import { STATUS } from '../errors.ts';
import { table } from '../render/table.ts';
import type { Call } from './call.ts';

export async function answer(call: Call, options: BuildOptions, context: Context): Promise<void> {
  const read = await readBuildFile(options, context);
  const file = read.dockerfile;
  const isJson = call.format === 'json' || context.json;
  if (call.method === 'targets') {
    const targets = targetsOf(file);
    if (isJson) context.printJson(targetsDocument(targets, file));
    else context.print(targetsText(targets));
  } else if (call.method === 'outline') {
    const outline = outlineOf(file, { target: options.target, buildArgs: options.args });
    if (isJson) context.printJson(outlineDocument(outline, file));
    else context.print(outlineText(outline));
  } else {
    const findings = await checkDockerfile(read, options);
    const isText = call.format !== 'json' && !context.json;
    if (!isText) assertBuildable(read, options);
    if (call.format === 'json') context.printJson(lintDocument(findings, file));
    else if (context.json) context.printJson({ findings });
    else if (findings.length > 0) context.print(findings.map(findingText).join('\n\n'));
    if (isText) assertBuildable(read, options);
    context.note(findings.length === 0 ? 'nothing is found' : countOf(findings.length, 'finding'));
    if (findings.length > 0 && !call.ignoresStatus) context.exit(STATUS.no);
  }
}

function findingText({ rule, message, place, excerpt }: CheckedLine): string {
  return `${rule}: ${message}\n${place}\n${excerpt}`;
}

function targetsText(targets: readonly Target[]): string {
  const rows = targets.map(({ name = '', isDefault, description = '', base }) => {
    return [`${name}${isDefault ? `${name === '' ? '' : ' '}(default)` : ''}`, base, description];
  });
  return table([{ title: 'TARGET' }, { title: 'BASE' }, { title: 'DESCRIPTION' }], rows);
}

function outlineText({ name, description, args, secrets, ssh }: Outline): string {
  const head = [`TARGET:      ${name ?? '(default)'}`, ...(description ? [`DESCRIPTION: ${description}`] : [])].join(
    '\n',
  );
  const rows = args.map((arg) => [arg.name, arg.value ?? '', arg.description ?? '']);
  const parts = [
    head,
    ...(rows.length > 0 ? [table([{ title: 'BUILD ARG' }, { title: 'VALUE' }, { title: 'DESCRIPTION' }], rows)] : []),
    ...mountsText('SECRET', secrets),
    ...mountsText('SSH', ssh),
  ];
  return parts.join('\n\n');
}

function mountsText(title: string, mounts: readonly OutlineMount[]): readonly string[] {
  if (mounts.length === 0) return [];
  return [
    table(
      [{ title }, { title: 'REQUIRED' }],
      mounts.map(({ id, isRequired }) => [id, isRequired ? 'true' : '']),
    ),
  ];
}

/** BuildKit counts lines from 1, and says nothing of characters but where it is sure. */
function location({ start, end }: Range) {
  return { ranges: [{ start: { line: start.line }, end: { line: end.line } }] };
}

function sourcesOf({ text }: Dockerfile): readonly string[] {
  return [Buffer.from(text).toString('base64')];
}

function targetsDocument(targets: readonly Target[], file: Dockerfile) {
  const shown = targets.map(({ name, isDefault, description, base, platform, range }) => ({
    ...(name === undefined ? {} : { name }),
    ...(isDefault ? { default: true } : {}),
    ...(description === undefined ? {} : { description }),
    base,
    ...(platform === undefined ? {} : { platform }),
    location: location(range),
  }));
  return { targets: shown, sources: sourcesOf(file) };
}

function outlineDocument({ name, description, args, secrets, ssh }: Outline, file: Dockerfile) {
  const mounts = (all: readonly OutlineMount[]) =>
    all.map(({ id, isRequired, range }) => ({
      name: id,
      ...(isRequired ? { required: true } : {}),
      location: location(range),
    }));
  return {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(args.length === 0 ? {} : { args: args.map(({ range, ...arg }) => ({ ...arg, location: location(range) })) }),
    ...(secrets.length === 0 ? {} : { secrets: mounts(secrets) }),
    ...(ssh.length === 0 ? {} : { ssh: mounts(ssh) }),
    sources: sourcesOf(file),
  };
}

function lintDocument(findings: readonly CheckedLine[], file: Dockerfile) {
  const rules: Readonly<Record<string, string>> = { ...LINT_RULES, ...SIZE_RULES };
  return {
    warnings: findings.map(({ rule, message, range }) => ({
      ruleName: rule,
      description: rules[rule],
      ...(rule in LINT_RULES ? { url: `https://docs.docker.com/go/dockerfile/rule/${dashed(rule)}/` } : {}),
      detail: message,
      location: location(range),
    })),
    sources: [{ filename: file.name, language: 'Dockerfile', data: Buffer.from(file.text).toString('base64') }],
  };
}

/** `JSONArgsRecommended` → `json-args-recommended`, as the addresses of Docker's pages have it. */
function dashed(rule: string): string {
  return rule.replace(/([a-z])([A-Z])|([A-Z])([A-Z][a-z])/g, '$1$3-$2$4').toLowerCase();
}
