// The import rule of docs/architecture.md: tiers look down only, siblings never meet, the pure core does no I/O.
const PURE = '^src/(base|formats|model|ports|loader|rules|transforms)/';
const EDGE = '^src/(transports|builders|sandbox|store)/';
const IO = '^(node:)?(fs|fs/promises|http|https|net|tls|child_process|worker_threads|os|process)$';
/** A tier may import itself and the tiers before it. */
const tiers = ['base', 'formats', 'model', 'ports', 'loader', 'rules', 'transforms'];
const looksDown = tiers.map((tier, i) => ({
  name: `${tier}-looks-down`,
  severity: 'error',
  from: { path: `^src/${tier}/` },
  to: { path: '^src/', pathNot: `^src/(${tiers.slice(0, i + 1).join('|')})/` },
}));
export default {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    ...looksDown,
    {
      name: 'edges-never-look-up',
      severity: 'error',
      from: { path: EDGE },
      to: { path: '^src/(cli/|web/|sources|sinks|index)' },
    },
    {
      name: 'edges-do-not-meet',
      severity: 'error',
      from: { path: '^src/(transports|builders|sandbox|store)/' },
      to: { path: EDGE, pathNot: '^src/$1/' },
    },
    {
      name: 'siblings-do-not-meet',
      severity: 'error',
      comment: 'move the shared part down a tier instead',
      from: { path: '^src/(transforms|transports|builders|rules)/([^/]+)/' },
      to: { path: '^src/$1/[^/]+/', pathNot: '^src/$1/$2/' },
    },
    {
      name: 'formats-stand-alone',
      severity: 'error',
      from: { path: '^src/formats/([^/]+)/', pathNot: '^src/formats/(deb|oci)/' },
      to: { path: '^src/formats/', pathNot: '^src/formats/$1/' },
    },
    {
      name: 'pure-core-does-no-io',
      severity: 'error',
      from: { path: PURE },
      to: { dependencyTypes: ['core'], path: IO },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
