import { describe, expect, test } from 'vitest';
import { digestOf } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { cacheSources, cacheTarget } from './cache-words.ts';

describe('--cache-from', () => {
  const places = (text: string) => cacheSources(text).map(({ places }) => places.map((place) => place.text));

  test.each([
    ['app', [['docker://app']]],
    ['app,host.example/b:1', [['docker://app'], ['docker://host.example/b:1']]],
    ['oci:dir:cache', [['oci:dir:cache']]],
    ['type=registry,ref=host.example/a:1', [['docker://host.example/a:1']]],
    ['ref=app', [['docker://app']]],
    ['type=local,src=/a', [['oci:/a:latest', 'oci:/a']]],
    ['type=local,src=/a,tag=x', [['oci:/a:x']]],
    ['type=local,"src=/a,b:c"', [['oci:/a,b:c:latest', 'oci:/a,b:c']]],
  ])('%s', (text, expected) => expect(places(text)).toEqual(expected));

  test('a digest', () => {
    const [one] = cacheSources(`type=local,src=/a,digest=${digestOf('')}`);
    expect(one?.digest).toBe(digestOf(''));
  });

  test.each([
    ['type=local', /it needs src=/],
    ['type=gha,scope=x', /it has no "scope"/],
    ['type=gha', /pare keeps what steps came to in directories/],
    ['type=inline', /is read from the image/],
    ['type=local,src=/a,digest=x', /"x" is no digest/],
  ])('%s is refused', (text, message) => {
    expect(() => cacheSources(text)).toThrow(ImageError);
    expect(() => cacheSources(text)).toThrow(message);
  });
});

describe('--cache-to', () => {
  const plain = { mode: 'min', compression: undefined, ignoreError: false, mounts: [] };

  test.each([
    ['app:cache', { ...plain, place: 'docker://app:cache' }],
    [
      'type=registry,ref=app,mode=max,image-manifest=true,oci-mediatypes=true',
      { ...plain, place: 'docker://app', mode: 'max' },
    ],
    ['type=local,dest=/a,tag=b,ignore-error=true', { ...plain, place: 'oci:/a:b', ignoreError: true }],
    [
      'type=local,dest=/a,compression=zstd,compression-level=9',
      { ...plain, place: 'oci:/a:latest', compression: 'zstd:9' },
    ],
    ['type=local,dest=/a,compression=uncompressed', { ...plain, place: 'oci:/a:latest', compression: 'none' }],
    ['type=local,dest=/a,force-compression=true', { ...plain, place: 'oci:/a:latest', compression: 'gzip' }],
    ['type=local,dest=/a,mounts=true', { ...plain, place: 'oci:/a:latest', mounts: 'all' }],
    ['type=local,mounts=one,two,dest=/a', { ...plain, place: 'oci:/a:latest', mounts: ['one', 'two'] }],
    ['type=inline', { ...plain, place: undefined }],
  ])('%s', (text, expected) => {
    const { place, text: said, ...rest } = cacheTarget(text);
    expect({ ...rest, place: place?.text }).toEqual(expected);
    expect(said).toBe(text);
  });

  test.each([
    ['type=registry', /it needs ref=/],
    ['type=local,dest=/a,mode=most', /there is no mode "most"/],
    ['type=local,dest=/a,oci-mediatypes=false', /always an image manifest of the OCI/],
    ['type=local,dest=/a,image-manifest=false', /always an image manifest of the OCI/],
    ['type=local,dest=/a,compression=estargz', /estargz adds to the bytes/],
    ['type=local,dest=/a,compression=brotli', /no compression of layers/],
    ['type=local,dest=/a,ignore-error=perhaps', /neither true nor false/],
    ['type=inline,mode=max', /holds its own layers and no others/],
    ['type=inline,mounts=true', /holds its own layers and no others/],
    ['type=registry,ref=docker-archive:x', /cannot hold it/],
    ['type=s3,bucket=b', /it has no "bucket"/],
    ['type=azblob', /pare keeps what steps came to in directories/],
  ])('%s is refused', (text, message) => {
    expect(() => cacheTarget(text)).toThrow(ImageError);
    expect(() => cacheTarget(text)).toThrow(message);
  });
});
