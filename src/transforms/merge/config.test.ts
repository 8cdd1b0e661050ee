import { describe, expect, test } from 'vitest';
import type { RunConfig } from '../../formats/oci/types.ts';
import { type ConfigWishes, mergeConfigs } from './config.ts';
import { parsePreferences } from './prefer.ts';

function merged(configs: readonly (RunConfig | undefined)[], wishes: ConfigWishes = {}, ...prefer: string[]) {
  return mergeConfigs(configs, wishes, parsePreferences(prefer, configs.length));
}

const ONE: RunConfig = {
  Entrypoint: ['/bin/one'],
  Cmd: ['--one'],
  User: 'one',
  WorkingDir: '/one',
  StopSignal: 'SIGINT',
  Healthcheck: { Test: ['CMD', 'one'] },
  Env: ['PATH=/one/bin:/bin', 'LANG=C', 'ONLY=one'],
  ExposedPorts: { '80/tcp': {} },
  Volumes: { '/one': {} },
  Labels: { name: 'one', a: '1' },
};
const TWO: RunConfig = {
  Entrypoint: ['/bin/two'],
  User: 'two',
  Env: ['PATH=/bin:/two/bin', 'LANG=C', 'MORE=two'],
  ExposedPorts: { '443/tcp': {}, '80/tcp': {} },
  Volumes: { '/two': {} },
  Labels: { name: 'two', b: '2' },
};

describe('the config', () => {
  test("is the first image's, with variables, ports, volumes and labels of all", () => {
    expect(merged([ONE, TWO])).toEqual({
      conflicts: [],
      config: {
        ...ONE,
        Env: ['PATH=/one/bin:/bin:/two/bin', 'LANG=C', 'ONLY=one', 'MORE=two'],
        ExposedPorts: { '443/tcp': {}, '80/tcp': {} },
        Volumes: { '/one': {}, '/two': {} },
        Labels: { a: '1', b: '2', name: 'one' },
      },
    });
  });

  test("or another's", () => {
    const { config } = merged([ONE, TWO], { configFrom: 1 });
    expect(config).toMatchObject({ Entrypoint: ['/bin/two'], User: 'two', Labels: { name: 'two' } });
    expect(Object.keys(config)).not.toContain('Cmd');
    expect(config.Env?.[0]).toBe('PATH=/one/bin:/bin:/two/bin');
  });

  test('another entry point drops the arguments and the health check of the old one', () => {
    const { config } = merged([ONE, TWO], { entrypoint: ['/bin/sh'], user: '5', workdir: '/' });
    expect(config).toMatchObject({ Entrypoint: ['/bin/sh'], User: '5', WorkingDir: '/', StopSignal: 'SIGINT' });
    expect(config).not.toHaveProperty('Cmd');
    expect(config).not.toHaveProperty('Healthcheck');
    expect(merged([ONE], { entrypoint: ['x'], cmd: ['y'] }).config).toMatchObject({ Entrypoint: ['x'], Cmd: ['y'] });
  });

  test('another value of a variable is a conflict, unless one is preferred or given', () => {
    const other = { Env: ['LANG=de_DE.UTF-8'] };
    const conflict = {
      where: 'Env.LANG',
      what: ['value'],
      sides: [
        { images: [1, 3], has: 'C' },
        { images: [2], has: 'de_DE.UTF-8' },
      ],
    };
    expect(merged([ONE, other, TWO]).conflicts).toEqual([conflict]);
    expect(merged([ONE, other, TWO], {}, 'Env.LANG=2')).toMatchObject({ conflicts: [] });
    expect(merged([ONE, other, TWO], {}, 'Env.*=2').config.Env).toContain('LANG=de_DE.UTF-8');
    expect(merged([ONE, other, TWO], {}, 'last').config.Env).toContain('LANG=C');
    const given = merged([ONE, other], { env: ['LANG=fr', 'NEW=x'] });
    expect(given.conflicts).toEqual([]);
    expect(given.config.Env).toEqual(['PATH=/one/bin:/bin', 'LANG=fr', 'ONLY=one', 'NEW=x']);
  });

  test('names of variables and labels that JavaScript knows are names like others', () => {
    const odd = (value: string) => ({
      Env: [`constructor=${value}`, `__proto__=${value}`],
      Labels: JSON.parse('{"__proto__": "x"}'),
    });
    const { config, conflicts } = merged([odd('1'), odd('2')]);
    expect(conflicts.map(({ where }) => where)).toEqual(['Env.constructor', 'Env.__proto__']);
    expect(config.Env).toEqual(['constructor=1', '__proto__=1']);
    expect(Object.entries(config.Labels ?? {})).toEqual([['__proto__', 'x']]);
  });

  test('that all agree on stays as it is', () => {
    const odd = { Env: ['A=1', 'A=2', 'PATH=/bin:/bin'], Labels: null, Volumes: null };
    expect(merged([odd, { ...odd }]).config).toBe(odd);
    expect(merged([undefined, undefined])).toEqual({ config: {}, conflicts: [] });
    expect(merged([undefined, ONE]).config).toMatchObject({ Env: ONE.Env, ExposedPorts: ONE.ExposedPorts });
  });
});
