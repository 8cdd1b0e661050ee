/** The files of containers-registries.conf(5) and containers-registries.conf.d(5), in their order. @module */
import {
  mergeRegistriesConf,
  parseRegistriesConf,
  type RegistriesConf,
} from '../formats/registry-auth/registries-conf.ts';
import { listConfigDirectory, readConfigFile } from './config-files.ts';
import { type Environment, homeDirectory } from './home.ts';

/**
 * `$CONTAINERS_REGISTRIES_CONF`, else the user's file, else the system's; then drop-in files by name: the system's and the
 * user's, or where the user has a file of the main name, the user's alone.
 * @param system where the system's files are; `/etc/containers` but in tests
 * @throws ImageError INVALID, DENIED
 */
export function readRegistriesConf(env: Environment, system = '/etc/containers'): RegistriesConf {
  // Not $XDG_CONFIG_HOME: the manual page and containers/image say $HOME/.config.
  const user = `${homeDirectory(env)}/.config/containers`;
  const named = env['CONTAINERS_REGISTRIES_CONF'] || undefined;
  const own = named === undefined ? read(`${user}/registries.conf`) : undefined;
  const main = own ?? read(named ?? `${system}/registries.conf`);
  const directories = own === undefined ? [system, user] : [user];
  const dropIns = directories.flatMap((dir) => {
    const names = listConfigDirectory(`${dir}/registries.conf.d`) ?? [];
    return names.filter((name) => name.endsWith('.conf')).map((name) => read(`${dir}/registries.conf.d/${name}`));
  });
  return mergeRegistriesConf([main, ...dropIns].filter((file) => file !== undefined));
}

function read(path: string): RegistriesConf | undefined {
  const bytes = readConfigFile(path);
  return bytes === undefined ? undefined : parseRegistriesConf(bytes, path);
}
