/** Package managers: what they leave behind in a root filesystem, and how that is said not to happen. @module */
import type { SimpleCommand } from '../../../shell/simple.ts';

export interface Manager {
  readonly programs: readonly string[];
  /** Whether this command leaves something behind. */
  readonly leaves: (args: readonly string[]) => boolean;
  /** What it is. */
  readonly what: string;
  /** Directories, the usual one first. */
  readonly places: readonly string[];
  /** Whether this command of it takes it away again. */
  readonly cleans: (args: readonly string[]) => boolean;
  /** Options with which nothing is left. */
  readonly without: readonly string[];
  /** Variables that say the same, whatever their value. */
  readonly variables?: readonly string[];
  readonly advice: string;
}

/** The first word that is no option. */
export function verbOf(args: readonly string[]): string | undefined {
  return args.find((arg) => !arg.startsWith('-'));
}

const verb =
  (...verbs: readonly string[]) =>
  (args: readonly string[]) =>
    verbs.includes(verbOf(args) ?? '');
const never = () => false;
const cleansAll = (args: readonly string[]) => verbOf(args) === 'clean';

export const MANAGERS: readonly Manager[] = [
  {
    // What Debian's images download they remove: only the lists stay.
    programs: ['apt-get', 'apt', 'aptitude'],
    leaves: verb('update'),
    what: 'its package lists',
    places: ['/var/lib/apt/lists'],
    cleans: (args) => verbOf(args) === 'distclean' || verbOf(args) === 'dist-clean',
    without: ['--print-uris'],
    advice: 'end the same RUN with "rm -rf /var/lib/apt/lists/*"',
  },
  {
    programs: ['apk'],
    leaves: verb('add', 'update', 'upgrade'),
    what: 'its package index',
    places: ['/var/cache/apk', '/etc/apk/cache'],
    cleans: never,
    without: ['--no-cache'],
    advice: 'write apk add --no-cache',
  },
  {
    programs: ['dnf', 'dnf5', 'microdnf', 'yum', 'tdnf'],
    leaves: verb('install', 'update', 'upgrade', 'makecache', 'groupinstall', 'localinstall', 'reinstall', 'module'),
    what: 'its metadata and packages',
    places: ['/var/cache/dnf', '/var/cache/yum', '/var/cache/libdnf5', '/var/cache/tdnf'],
    cleans: cleansAll,
    without: [],
    advice: 'end the same RUN with "dnf clean all"',
  },
  {
    programs: ['zypper'],
    leaves: verb('install', 'in', 'update', 'up', 'refresh', 'ref', 'dist-upgrade', 'dup'),
    what: 'its metadata and packages',
    places: ['/var/cache/zypp'],
    cleans: verb('clean', 'cc'),
    without: [],
    advice: 'end the same RUN with "zypper clean --all"',
  },
  {
    programs: ['pacman'],
    leaves: (args) => args.some((arg) => /^-S[a-z]*[yuw]?/.test(arg) && !/c/.test(arg)),
    what: 'the packages it downloads',
    places: ['/var/cache/pacman/pkg', '/var/lib/pacman/sync'],
    cleans: (args) => args.some((arg) => /^-S[a-z]*c/.test(arg)),
    without: [],
    advice: 'end the same RUN with "pacman -Scc --noconfirm"',
  },
  {
    programs: ['pip', 'pip3', 'pip2', 'pipx'],
    leaves: verb('install', 'wheel'),
    what: 'what it downloads',
    places: ['/root/.cache/pip'],
    cleans: (args) => args.includes('cache') && args.includes('purge'),
    without: ['--no-cache-dir', '--cache-dir'],
    variables: ['PIP_NO_CACHE_DIR', 'PIP_CACHE_DIR'],
    advice: 'write pip install --no-cache-dir',
  },
  {
    programs: ['uv'],
    leaves: verb('pip', 'sync', 'add', 'tool'),
    what: 'what it downloads',
    places: ['/root/.cache/uv'],
    cleans: (args) => args.includes('cache') && (args.includes('clean') || args.includes('prune')),
    without: ['--no-cache', '-n', '--cache-dir'],
    variables: ['UV_NO_CACHE', 'UV_CACHE_DIR'],
    advice: 'write uv --no-cache',
  },
  {
    programs: ['npm'],
    leaves: verb('install', 'i', 'ci', 'clean-install', 'add'),
    what: 'what it downloads',
    places: ['/root/.npm'],
    cleans: (args) => args.includes('cache') && args.includes('clean'),
    without: ['--cache'],
    variables: ['npm_config_cache', 'NPM_CONFIG_CACHE'],
    advice: 'end the same RUN with "npm cache clean --force"',
  },
  {
    programs: ['yarn'],
    leaves: (args) => ['install', 'add', undefined].includes(verbOf(args)) && !args.includes('--version'),
    what: 'what it downloads',
    places: ['/usr/local/share/.cache/yarn', '/root/.yarn/berry/cache'],
    cleans: (args) => args.includes('cache') && args.includes('clean'),
    without: ['--cache-folder'],
    variables: ['YARN_CACHE_FOLDER'],
    advice: 'end the same RUN with "yarn cache clean"',
  },
  {
    programs: ['composer'],
    leaves: verb('install', 'update', 'require', 'create-project'),
    what: 'what it downloads',
    places: ['/root/.composer/cache', '/root/.cache/composer'],
    cleans: verb('clear-cache', 'clearcache', 'cc'),
    without: ['--no-cache'],
    variables: ['COMPOSER_CACHE_DIR', 'COMPOSER_NO_CACHE'],
    advice: 'write composer --no-cache',
  },
];

/** `python -m pip …` is pip. */
export function managed({ name, args, writes }: SimpleCommand): SimpleCommand {
  if (/^python[\d.]*$/.test(name) && args[0] === '-m' && args[1] !== undefined) {
    return { name: args[1], args: args.slice(2), writes };
  }
  return { name: name.replace(/^(pip3?)(?:\.\d+)+$/, '$1'), args, writes };
}

/** Words with which packages are installed and removed. */
const INSTALL = new Set(['install', 'add', 'in', 'groupinstall', 'localinstall', '-S', '-Sy', '-Syu']);
const REMOVE = new Set(['remove', 'purge', 'del', 'autoremove', 'erase', 'rm', '-R', '-Rs', '-Rns']);
const SYSTEM = new Set([
  'apt-get',
  'apt',
  'aptitude',
  'apk',
  'dnf',
  'dnf5',
  'microdnf',
  'yum',
  'tdnf',
  'zypper',
  'pacman',
]);

/** Whether it removes packages that are told nowhere: `$(…)`, or all that nothing needs any more. */
export function removesUnknown({ name, args }: SimpleCommand): boolean {
  if (!SYSTEM.has(name) || !args.some((arg) => REMOVE.has(arg))) return false;
  return args.some((arg) => arg.includes('$') || arg.includes('`') || arg === '--auto-remove' || arg === 'autoremove');
}

/** The names of packages that a distribution's package manager is told to install or to remove. */
export function packagesOf(command: SimpleCommand, what: 'installed' | 'removed'): readonly string[] {
  if (!SYSTEM.has(command.name)) return [];
  const verbs = what === 'installed' ? INSTALL : REMOVE;
  const at = command.args.findIndex((arg) => verbs.has(arg));
  if (at < 0) return [];
  const names: string[] = [];
  const rest = [...command.args.slice(0, at), ...command.args.slice(at + 1)];
  for (let i = 0; i < rest.length; i++) {
    const arg = rest[i] ?? '';
    if (/^(?:-t|--virtual|-o|--repository|-X|--option|--target-release)$/.test(arg)) {
      // The name under which apk knows the whole group, and removes it.
      if (arg === '-t' || arg === '--virtual') names.push(rest[i + 1] ?? '');
      i++;
    } else if (!arg.startsWith('-') && !arg.includes('$')) names.push(arg.replace(/(?<=.)[=<>~].*$/, ''));
  }
  return names;
}
