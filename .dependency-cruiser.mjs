import './scripts/plain-using.js';

// The import rule of docs/architecture.md: tiers look down only, siblings never meet, the pure core does no I/O.
// Tests are free: they bring real programs and files.
const TEST = '\\.test\\.ts$';
const PURE = '^src/(base|formats|model|ports|loader|rules|transforms)/';
const EDGE = '^src/(transports|builders|sandbox|store)/';
const IO =
  '^(node:)?(fs|fs/promises|http|https|http2|net|tls|dgram|dns|child_process|worker_threads|cluster|os|process)$';
/** A tier may import itself and the tiers before it. */
const tiers = ['base', 'formats', 'model', 'ports', 'loader', 'rules', 'transforms'];
const looksDown = tiers.map((tier, i) => ({
  name: `${tier}-looks-down`,
  severity: 'error',
  from: { path: `^src/${tier}/`, pathNot: TEST },
  to: { path: '^src/', pathNot: `^src/(${tiers.slice(0, i + 1).join('|')})/` },
}));
export default {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'a verb may look at the table that loads it when it is asked for',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['dynamic-import'] } },
    },
    ...looksDown,
    {
      name: 'system-looks-down',
      severity: 'error',
      comment: 'system calls that Node.js lacks: knows no more than the values',
      from: { path: '^src/system/', pathNot: TEST },
      to: { path: '^src/', pathNot: '^src/(system|base|formats|model|ports)/' },
    },
    {
      name: 'edges-never-look-up',
      severity: 'error',
      from: { path: EDGE, pathNot: TEST },
      to: { path: '^src/(cli/|web/|operations/|sources|sinks|index)' },
    },
    {
      name: 'edges-do-not-meet',
      severity: 'error',
      from: { path: '^src/(transports|builders|sandbox|store)/', pathNot: TEST },
      to: { path: EDGE, pathNot: '^src/$1/' },
    },
    {
      name: 'http-is-loaded-when-it-is-used',
      severity: 'error',
      comment: 'most of what pare does needs no registry, and its client takes as long to load as all the rest',
      from: { path: '^src/(sources|sinks|registries)\\.ts$' },
      to: {
        path: '^src/transports/registry/',
        dependencyTypesNot: ['dynamic-import', 'type-only'],
      },
    },
    {
      name: 'operations-stay-below-the-front-ends',
      severity: 'error',
      comment: 'the two tables, the operations over references, and the public interface',
      from: { path: '^src/(operations/|[^/]+\\.ts$)', pathNot: TEST },
      to: { path: '^src/(cli|web)/' },
    },
    {
      name: 'siblings-do-not-meet',
      severity: 'error',
      comment: 'move the shared part down a tier instead; rules/packages is shared by all rules',
      from: { path: '^src/(transforms|transports|builders|rules)/([^/]+)/', pathNot: TEST },
      to: { path: '^src/$1/[^/]+/', pathNot: '^src/($1/$2|rules/packages)/' },
    },
    {
      name: 'formats-stand-alone',
      severity: 'error',
      from: {
        path: '^src/formats/([^/]+)/',
        pathNot: `^src/formats/(deb|oci|chunked|estargz|zstd-chunked|layer|pieces|dockerfile/lint)/|${TEST}`,
      },
      to: { path: '^src/formats/', pathNot: '^src/formats/$1/' },
    },
    {
      name: 'pure-core-does-no-io',
      severity: 'error',
      from: { path: PURE, pathNot: TEST },
      to: { dependencyTypes: ['core'], path: IO },
    },
    {
      name: 'pure-core-needs-no-edge-packages',
      severity: 'error',
      from: { path: PURE, pathNot: TEST },
      to: { path: 'node_modules/(koffi|undici|commander)/' },
    },
    {
      name: 'system-calls-in-one-place',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/system/' },
      to: { path: 'node_modules/koffi/' },
    },
    {
      name: 'nobody-imports-tests',
      severity: 'error',
      from: { path: '^src/', pathNot: TEST },
      to: { path: `${TEST}|^test/` },
    },
  ],
  options: {
    // typescript 7 has no API that the tool could use.
    parser: 'swc',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
