/**
 * Layers as EROFS images that hold directories and attributes, and refer to the uncompressed tars for the bytes of files: nothing is
 * unpacked.
 * @module
 */
import { readFileSync, type Stats, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromSystem, ImageError, systemCode } from '../../base/errors.ts';
import { erofsImage } from '../../formats/erofs/image.ts';
import type { ErofsBytes } from '../../formats/erofs/types.ts';
import type { Content, FilePlace } from '../../model/content.ts';
import type { Tree } from '../../model/tree.ts';
import type { LowerLayer, Snapshotter } from './snapshotter.ts';

/** The image in its place, and the files that it refers to. */
export const IMAGE = 'index.erofs';
const DEVICES = 'devices.json';

/** mount(2) takes a page of options. */
const MOST_OPTIONS = 4095;

/** A file by name, and what tells that it is still the one that was looked at. */
interface Device {
  readonly path: string;
  readonly identity: string;
  readonly size: number;
}

/** @param directory of snapshots */
export function erofsSnapshots(directory: string): Snapshotter {
  return {
    name: 'erofs',
    write: async (layer, place) => {
      const made = imageOf(layer);
      if (made === undefined) return undefined;
      try {
        await writeFile(join(directory, place, DEVICES), JSON.stringify(made.devices));
        await writeFile(join(directory, place, IMAGE), made.image);
      } catch (error) {
        const hint = 'make room, or set PARE_HOME to another directory';
        throw fromSystem(error, `cannot write a layer's index into ${directory}`, hint);
      }
      return made.image.length;
    },
    find: (place) => {
      const devices = devicesIn(join(directory, place));
      return devices?.every(isThere) ? lowerLayer(join(place, IMAGE), devices) : undefined;
    },
  };
}

/** Whether a place holds an image that refers to files which are gone. */
export function isDangling(place: string): boolean {
  return devicesIn(place)?.every(isThere) === false;
}

function devicesIn(place: string): readonly Device[] | undefined {
  try {
    return JSON.parse(readFileSync(join(place, DEVICES), 'utf8')) as Device[];
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isThere({ path, identity }: Device): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && identityOf(stats) === identity;
}

const identityOf = ({ dev, ino, size, mtimeMs }: Stats): string => `${dev}:${ino}:${size}:${mtimeMs}`;

function lowerLayer(image: string, devices: readonly Device[]): LowerLayer {
  return { kind: 'image', mount: { source: image, type: 'erofs', flags: ['readOnly'], data: options(devices) } };
}

const options = (devices: readonly Device[]): string => devices.map(({ path }) => `device=${path}`).join(',');

/** Undefined for what has to be unpacked: sparse files, files that lie elsewhere than in a tar, and what EROFS cannot hold. */
function imageOf(layer: Tree): { readonly image: Buffer; readonly devices: readonly Device[] } | undefined {
  const devices: Device[] = [];
  const numbers = new Map<string, number>();
  const numberOf = ({ path }: FilePlace): number => {
    const known = numbers.get(path);
    if (known !== undefined) return known;
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) throw unmappable(`${path} is gone`);
    numbers.set(path, devices.length);
    return devices.push({ path, identity: identityOf(stats), size: stats.size }) - 1;
  };
  const locate = (content: Content): ErofsBytes => {
    if (content.kind === 'bytes') return { kind: 'inside', bytes: content.bytes };
    if (content.size === 0) return { kind: 'inside', bytes: new Uint8Array() };
    if (content.kind === 'sparse') throw unmappable('a sparse file');
    const { file } = content.blob;
    if (file === undefined) throw unmappable('bytes that lie in no file');
    return { kind: 'device', device: numberOf(file), offset: file.offset + content.offset, size: content.size };
  };
  try {
    const image = erofsImage(layer.root, { locate, devices: () => devices.map(({ size }) => size) });
    const fits = options(devices).length <= MOST_OPTIONS && !devices.some(({ path }) => path.includes(','));
    return fits ? { image, devices } : undefined;
  } catch (error) {
    if (error instanceof ImageError && error.code === 'UNSUPPORTED') return undefined;
    throw error;
  }
}

function unmappable(what: string): ImageError {
  return new ImageError('UNSUPPORTED', `cannot be mounted where it lies: ${what}`);
}
