// npm runs this after an installation in a clone: builds, where the development dependencies are there to do it. Without a
// build the launcher runs the sources.
import { existsSync } from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);
const recent = major > 24 || (major === 24 && minor >= 15);
if (recent && existsSync(new URL('../node_modules/rolldown', import.meta.url))) await import('./build.ts');
