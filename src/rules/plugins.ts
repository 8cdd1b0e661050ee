/**
 * Modules that programs load at run time: from directories that they or their libraries name, and those that configuration
 * names, together with all else that a configuration file wants to be there. See `docs/rules/plugins.md`.
 * @module
 */
import { configurationWants } from './plugins/configuration.ts';
import { moduleDirectoryWants } from './plugins/directories.ts';
import type { Rule, Subject } from './rule.ts';

export const plugins: Rule = {
  name: 'plugins',
  summary: 'modules in directories that programs name, and what configuration files name',
  perProcess: true,
  file: async (subject, facts) => {
    if (subject.use === 'data') return isConfiguration(subject) ? configurationWants(subject, facts) : [];
    if (subject.elf === undefined || isCLibrary(subject)) return [];
    return moduleDirectoryWants(subject, facts);
  },
};

/** Files below /etc, and others that look like configuration; those of the C library have formats of their own, and rules. */
function isConfiguration({ path, elf }: Subject): boolean {
  if (elf !== undefined || C_LIBRARY_FILES.test(path)) return false;
  return /^\/(?:usr\/local\/)?etc\//.test(path) || /\.(?:conf|cnf|cfg|ini|load)$/.test(path);
}

const C_LIBRARY_FILES =
  /^\/etc\/(?:nsswitch\.conf|services|protocols|networks|rpc|ethers|hosts|host\.conf|gai\.conf|passwd|group|localtime|ld\.so\.\w+|ssl\/certs\/.*)$/;

function isCLibrary({ elf }: Subject): boolean {
  return /^(?:libc\.so\.6|libc\.musl-.*|ld-.*)$/.test(elf?.dynamic?.soname ?? '');
}
