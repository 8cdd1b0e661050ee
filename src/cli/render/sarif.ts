/** Findings as SARIF 2.1.0 (OASIS), for code scanning services. @module */
import type { Finding, Severity } from '../../rules/finding.ts';

const LEVEL = { error: 'error', warning: 'warning', info: 'note' } as const satisfies Record<Severity, string>;

/** @param image the reference that was checked; paths are relative to its root */
export function sarifOf(findings: readonly Finding[], image: string, version: string) {
  const codes = [...new Set(findings.map(({ code }) => code))].sort();
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'pare',
            semanticVersion: version,
            rules: codes.map((id) => ({ id, name: nameOf(id), shortDescription: { text: id.replaceAll('-', ' ') } })),
          },
        },
        originalUriBaseIds: { IMAGE: { description: { text: `The root directory of ${image}` } } },
        results: findings.map(({ code, severity, path, message, fix }) => ({
          ruleId: code,
          ruleIndex: codes.indexOf(code),
          level: LEVEL[severity],
          message: { text: `${path}: ${message}. Fix: ${fix}.` },
          locations: [{ physicalLocation: { artifactLocation: { uri: relativeUri(path), uriBaseId: 'IMAGE' } } }],
          partialFingerprints: { 'pareFinding/v1': `${code}:${path}` },
        })),
        columnKind: 'utf16CodeUnits',
      },
    ],
  };
}

/** `missing-library` → `MissingLibrary`, as SARIF wants names to be. */
function nameOf(code: string): string {
  return code.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function relativeUri(path: string): string {
  const names = path.replace(/^\//, '').split('/');
  return names.map((name) => encodeURIComponent(name.toWellFormed())).join('/') || '.';
}
