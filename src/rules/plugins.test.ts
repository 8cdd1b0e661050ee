import { describe, expect, test } from 'vitest';
import { plugins } from './plugins.ts';
import { lines, type Sketch, type WorldOptions, world } from './testing.ts';

type Sketches = Readonly<Record<string, Sketch>>;

const PROGRAM = '/usr/sbin/serve';
const MODULE = { soname: 'mod.so' };

describe('configuration', () => {
  async function wanted(text: string, sketches: Sketches = {}, options: WorldOptions = {}) {
    const config = '/etc/serve/serve.conf';
    const all = { [PROGRAM]: { strings: ['/etc/serve', '/usr/share/serve/'] }, [config]: text, ...sketches };
    const { facts, subject } = world(all, options);
    const of = await subject(config, { use: 'data', program: PROGRAM });
    return lines((await plugins.file?.(of, facts)) ?? []);
  }

  test('names modules, by their path or below a directory of the program', async () => {
    const sketches = { '/usr/lib/serve/a.so': MODULE, '/usr/share/serve/modules/b.so': MODULE };
    const text =
      'LoadModule a_module /usr/lib/serve/a.so\nload_module modules/b.so;\nLoadModule c_module /usr/lib/serve/c.so\n';
    expect(await wanted(text, sketches)).toEqual([
      'recommended path /usr/lib/serve/a.so',
      'recommended path /usr/lib/serve/c.so (data-missing)',
      'recommended path /usr/share/serve/modules/b.so',
    ]);
  });

  test('includes further configuration, by pattern too', async () => {
    const sketches = { '/etc/serve/conf.d/1.conf': '', '/etc/serve/conf.d/2.txt': '', '/etc/serve/ports.conf': '' };
    expect(await wanted('Include ports.conf\nIncludeOptional conf.d/*.conf\ninclude none/*.conf\n', sketches)).toEqual([
      'recommended path /etc/serve/conf.d/1.conf',
      'recommended path /etc/serve/ports.conf',
    ]);
  });

  test('names directories of fragments', async () => {
    expect(await wanted('includedir /etc/serve/conf.d', { '/etc/serve/conf.d/a': '' })).toEqual([
      'recommended tree /etc/serve/conf.d',
    ]);
  });

  test('names data, and the root of what is served; what is merely allowed is no data', async () => {
    const sketches = {
      '/etc/mime.types': '',
      '/srv/www/index.html': '',
      '/usr/share/serve/icons/a': '',
      '/usr/share/x/a': '',
    };
    const text = `TypesConfig /etc/mime.types
<Directory /usr/share>
DocumentRoot "/srv/www"
Alias /icons/ "/usr/share/serve/icons/"
`;
    expect(await wanted(text, sketches)).toEqual([
      'recommended path /etc/mime.types',
      'recommended tree /srv/www',
      'recommended tree /usr/share/serve/icons',
    ]);
  });

  test('says where logs and state go, and where the file of the process id', async () => {
    const sketches = { '/var/log/serve': { mode: 0o750, uid: 33, gid: 4 }, '/var/lib/serve': '/' } as const;
    const text =
      'error_log /var/log/serve/error.log;\npid /run/serve/pid;\nstate_dir /var/lib/serve\naccess_log /dev/stdout;\n';
    expect(await wanted(text, sketches)).toEqual([
      'recommended directory /run/serve',
      'recommended directory /var/lib/serve',
      'recommended directory /var/log/serve',
    ]);
  });

  test('says who the program runs as; whom the source does not know it tells of', async () => {
    const sketches = { '/etc/passwd': 'www-data:x:33:33::/:/\n', '/etc/group': 'www-data:x:33:\nweb:x:34:\n' };
    expect(await wanted('user www-data;\nuser someone;\n', sketches)).toEqual([
      'recommended first  (data-missing)',
      'recommended group www-data (data-missing)',
      'recommended user www-data (data-missing)',
    ]);
    expect(await wanted('user www-data web;\n', sketches)).toContain('recommended group web (data-missing)');
  });

  test('takes variables from the image, from itself, and from the file beside it', async () => {
    const text = `Define DIR /var/lib/a\nUser $\{RUN_USER}\nErrorLog $\{LOG}/x.log\nData $\{DIR}/y\nOther $\{UNKNOWN}/z\n`;
    const sketches = {
      '/etc/serve/envvars': 'export RUN_USER=www-data\nexport LOG=/var/log/wrong\n',
      '/etc/passwd': 'www-data:x:33:33::/:/\n',
      '/etc/group': '',
    };
    expect(await wanted(text, sketches, { config: { Env: ['LOG=/var/log/right'] } })).toEqual([
      'recommended directory /var/lib/a',
      'recommended directory /var/log/right',
      'recommended first  (data-missing)',
      'recommended path /etc/serve/envvars',
      'recommended user www-data (data-missing)',
    ]);
  });

  test('whose variables nobody sets is told of, with what would set them', async () => {
    const [config, envvars] = ['/etc/serve/serve.conf', '/etc/serve/envvars'];
    const { facts, subject } = world({
      [PROGRAM]: {},
      [config]: `User $\{RUN_USER}\n`,
      [envvars]: 'export RUN_USER=www-data\n',
    });
    const all = (await plugins.file?.(await subject(config, { use: 'data', program: PROGRAM }), facts)) ?? [];
    expect(all.map(({ unmet }) => unmet?.fix)).toContain('--env RUN_USER=www-data');
  });

  test('of the C library has formats and rules of its own', async () => {
    const { facts, subject } = world({
      [PROGRAM]: {},
      '/etc/nsswitch.conf': 'include /etc/passwd\n',
      '/etc/passwd': '',
    });
    expect(await plugins.file?.(await subject('/etc/nsswitch.conf', { use: 'data', program: PROGRAM }), facts)).toEqual(
      [],
    );
  });
});

describe('directories of modules', () => {
  const LIBRARY = '/usr/lib/libpix.so.2';
  const DIRECTORY = '/usr/lib/pix/loaders';

  async function wanted(library: Sketch, sketches: Sketches, program: Sketch = {}) {
    const { facts, subject } = world({ [PROGRAM]: program, [LIBRARY]: library, ...sketches });
    const linked = { ...facts, elf: async (path: string) => withNeeded(await facts.elf(path), path) };
    const of = await subject(LIBRARY, { program: PROGRAM });
    return lines((await plugins.file?.(of, linked)) ?? []);
  }

  function withNeeded<E extends { dynamic: object | undefined } | undefined>(elf: E, path: string): E {
    if (elf?.dynamic === undefined || path !== PROGRAM) return elf;
    return { ...elf, dynamic: { ...elf.dynamic, needed: ['libpix.so.2'] } };
  }

  const named = { soname: 'libpix.so.2', symbols: ['dlopen', 'opendir'], strings: [DIRECTORY, 'x'.repeat(200)] };
  const modules = { [`${DIRECTORY}/png.so`]: { soname: 'png.so' }, [`${DIRECTORY}/readme`]: '' };

  test('that a library reads come with what the program is linked with', async () => {
    expect(await wanted(named, modules)).toEqual([`recommended path ${DIRECTORY}/png.so`]);
  });

  test('come with their index, which says that they are read', async () => {
    const library = {
      soname: 'libpix.so.2',
      symbols: ['g_module_open'],
      strings: [`${DIRECTORY}/loaders.cache`, 'x'.repeat(200)],
    };
    expect(await wanted(library, { ...modules, [`${DIRECTORY}/loaders.cache`]: '' })).toEqual([
      `recommended path ${DIRECTORY}/loaders.cache`,
      `recommended path ${DIRECTORY}/png.so`,
    ]);
  });

  test('are suggested where one is loaded by its name, or they weigh more than the process', async () => {
    expect(await wanted({ ...named, symbols: ['dlopen'] }, modules)).toEqual([`suggested path ${DIRECTORY}/png.so`]);
    const heavy = { [`${DIRECTORY}/big.so`]: { soname: 'big.so', strings: ['x'.repeat(5000)] } };
    expect(await wanted(named, heavy)).toEqual([`suggested path ${DIRECTORY}/big.so`]);
  });

  test('are nothing to a file that loads no modules, nor are directories of libraries', async () => {
    expect(await wanted({ ...named, symbols: ['opendir'] }, modules)).toEqual([]);
    const common = { ...named, strings: ['/usr/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu/gconv'] };
    expect(
      await wanted(common, {
        '/usr/lib/x86_64-linux-gnu/liba.so': MODULE,
        '/usr/lib/x86_64-linux-gnu/gconv/b.so': MODULE,
      }),
    ).toEqual([]);
  });
});
