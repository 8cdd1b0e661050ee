// dependency-cruiser's walk through swc's syntax tree stops at `using` declarations: it gets to see them as `const`.
import { readFileSync } from 'node:fs';
import swc from '@swc/core';

const USING = /\b(?:await )?using (?=[\w$]+ =)/g;

swc.parseFileSync = (path, options) => swc.parseSync(readFileSync(path, 'utf8').replace(USING, 'const '), options);
