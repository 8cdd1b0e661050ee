/**
 * Which files of a program's package, and of the packages built along with it, can matter while it runs.
 * @module
 */
import { dirname } from '../../base/path.ts';
import type { Package, PackageFacts } from '../packages/types.ts';

/** What no program reads to do its work, or what another rule speaks for. */
const NEVER = [
  // For people and for building.
  /^\/usr\/share\/(?:doc|doc-base|man|info|gtk-doc|help|locale|lintian|bug|reportbug|apport|gir-1\.0|vala|aclocal|pkgconfig|cmake)\//,
  /^\/usr\/(?:include|src|games|local)\//,
  /\/(?:pkgconfig|cmake|doc|docs|man|examples?|tests?|LC_MESSAGES)\//,
  /\.(?:a|la|h|hpp|pc|cmake|pod|gir|debug|dox|gz\.info)$/,
  /^\/usr\/lib\/debug\//,
  // For shells, desktops, the service manager and the package manager.
  /^\/usr\/share\/(?:bash-completion|zsh|fish|applications|icons|pixmaps|menu|metainfo|appdata|mime|mime-info|sounds|xsessions)\//,
  /^\/usr\/share\/(?:dbus-1|systemd|polkit-1|initramfs-tools|debconf|keyrings)\//,
  /^(?:\/usr)?\/lib\/(?:systemd|udev|tmpfiles\.d|sysusers\.d|sysctl\.d|modules-load\.d|modprobe\.d|binfmt\.d|environment\.d|init)\//,
  /^\/etc\/(?:alternatives|apparmor\.d|apport|apt|bash_completion\.d|cron\.\w+|default|dpkg|emacs|init|init\.d|kernel|logcheck|logrotate\.d)\//,
  /^\/etc\/(?:pam\.d|profile\.d|rc\w\.d|security|skel|sudoers\.d|systemd|udev|ufw|update-motd\.d|X11\/Xsession\.d|xdg)\//,
  // What the C library, libcrypto and the loader read: rules of their own.
  /^\/etc\/(?:ld\.so\.\w+|gai\.conf|host\.conf|nsswitch\.conf|localtime|ssl)(?:\/|$)/,
  /^\/usr\/share\/(?:i18n|zoneinfo|ca-certificates)\//,
  /^\/usr\/lib\/(?:ssl|locale)\//,
  /\/(?:gconv|engines-\d[\w.]*|ossl-modules)\//,
  // Languages have rules of their own, and so have links of libraries and commands in PATH.
  /^\/usr\/(?:lib|share)\/(?:[\w-]+\/)?(?:python\d|perl|nodejs|node_modules|ruby|java|jvm|gems|R\/|php\/|tcltk|guile|lua)/,
  /^(?:\/usr)?\/s?bin\//,
  /^(?:\/usr|\/usr\/share)?\/[^/]+$/,
  /^(?:\/usr)?\/lib(?:32|64|x32)?\/(?:[\w-]+-linux-[\w]+\/)?[^/]+$/,
  /^\/(?:var|run|srv|home|root|boot|dev|proc|sys|tmp)\//,
];

export interface Shipped {
  /** Physical paths that can matter, sorted, each once; directories that something is in are left out. */
  readonly paths: readonly string[];
  /** Of these, those of the package itself and of what it depends on. */
  readonly own: ReadonlySet<string>;
  /** Names of commands that have a manual page of section 1 or 8, and so are meant for people. */
  readonly documented: ReadonlySet<string>;
}

/** @param physical what a path of the database is physically, as far as the links of a merged /usr go */
export async function shippedWith(
  packages: PackageFacts,
  name: string,
  physical: (path: string) => string,
): Promise<Shipped> {
  const siblings = await packages.siblings(name);
  const inner = dependenciesAmong(siblings);
  const paths = new Set<string>();
  const own = new Set<string>();
  const documented = new Set<string>();
  for (const one of siblings) {
    for (const listed of await packages.filesOf(`${one.name}:${one.architecture}`)) {
      const path = physical(listed);
      const manual = /^\/usr\/share\/man\/man[18]\/([^/]+)\.[18][^/.]*(?:\.gz)?$/.exec(path)?.[1];
      if (manual !== undefined) documented.add(manual);
      if (NEVER.some((pattern) => pattern.test(path))) continue;
      paths.add(path);
      if (inner.has(one.name)) own.add(path);
    }
  }
  const directories = new Set([...paths].map(dirname));
  return { paths: [...paths].filter((path) => !directories.has(path)).sort(), own, documented };
}

/** The first, and those of the others that it needs, directly or not. */
function dependenciesAmong(siblings: readonly Package[]): ReadonlySet<string> {
  const found = new Set(siblings.slice(0, 1).map(({ name }) => name));
  for (const one of found) {
    const depends = siblings.find(({ name }) => name === one)?.depends ?? [];
    for (const { name } of siblings) if (depends.includes(name)) found.add(name);
  }
  return found;
}
