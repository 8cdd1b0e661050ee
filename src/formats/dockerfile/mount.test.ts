import { describe, expect, it } from 'vitest';
import { environmentOf } from '../../../test/environment.ts';
import { expandWord } from './expand.ts';
import { readMountFlag, resolveMount } from './mount.ts';
import type { Mount } from './types.ts';

const PLACE = { line: 1, column: 1 };
const env = environmentOf([
  ['DIR', '/cache'],
  ['KIND', 'tmpfs'],
]);

function mount(text: string): Mount {
  const flag = readMountFlag({ text, range: { start: PLACE, end: PLACE } });
  return resolveMount(flag, (word) => expandWord(word, env));
}

const owner = (mode: number, uid = 0, gid = 0) => ({ mode, uid, gid });

describe('a mount', () => {
  it.each<[string, Mount]>([
    ['target=/a', { type: 'bind', target: '/a', source: '', from: undefined, writable: false }],
    ['type=bind,src=b,dst=a,from=c,rw', { type: 'bind', target: 'a', source: 'b', from: 'c', writable: true }],
    ['target=/a,rw=true,readonly', { type: 'bind', target: '/a', source: '', from: undefined, writable: false }],
    [
      'type=cache,target=$DIR/x',
      {
        type: 'cache',
        target: '/cache/x',
        id: '/cache/x',
        source: '',
        from: undefined,
        writable: true,
        sharing: 'shared',
        ...owner(0o755),
      },
    ],
    [
      'TYPE=cache,Target=/a,"id=b,c",sharing=LOCKED,ro=1,mode=0700,uid=1,gid=2,from=d,source=/e',
      {
        type: 'cache',
        target: '/a',
        id: 'b,c',
        source: '/e',
        from: 'd',
        writable: false,
        sharing: 'locked',
        ...owner(0o700, 1, 2),
      },
    ],
    ['type=$KIND,target=/a,size=64m', { type: 'tmpfs', target: '/a', size: 67108864 }],
    ['type=tmpfs,target=/a', { type: 'tmpfs', target: '/a', size: undefined }],
    [
      'type=secret,id=b/c',
      { type: 'secret', id: 'b/c', target: '/run/secrets/c', env: undefined, required: false, ...owner(0o400) },
    ],
    [
      'type=secret,target=/x/y,required,mode=0440',
      { type: 'secret', id: 'y', target: '/x/y', env: undefined, required: true, ...owner(0o440) },
    ],
    [
      'type=secret,id=a,env=B',
      { type: 'secret', id: 'a', target: undefined, env: 'B', required: false, ...owner(0o400) },
    ],
    ['type=ssh', { type: 'ssh', id: 'default', target: undefined, required: false, ...owner(0o600) }],
    [
      'type=ssh,id=a,required=false,target=/s',
      { type: 'ssh', id: 'a', target: '/s', required: false, ...owner(0o600) },
    ],
  ])('%s', (text, expected) => {
    expect(mount(text)).toEqual(expected);
  });

  it.each([
    ['type=cache,target=/a,sharing=mine', /no way of sharing/],
    ['type=secret', /needs an id/],
    ['type=secret,id=a,source=b', /not both/],
    ['type=secret,id=a,from=b', /takes no from/],
    ['type=secret,id=a,required=x', /true or false/],
    ['type=bind,target=/a,required', /takes no required/],
    ['type=tmpfs,target=/a,size=much', /no size/],
    ['type=cache,target=/a,mode=999', /octal/],
    ['type=cache,target=/a,uid=-1', /number/],
    ['type=cache,target=/a,id', /needs a value/],
    ['type=$DIR,target=/a', /no type of mount/],
    ['target=/a,from=$DIR', /cannot hold variables/],
    ['target=/a,__proto__=b', /no key/],
    ['target=/a,"b', /quotes/],
  ])('%s is refused', (text, message) => {
    expect(() => mount(text)).toThrow(message);
  });
});
