/**
 * An image in the shape of `docker image inspect`, which is what templates for `--format` are written for (Docker Engine API,
 * "ImageInspect").
 * @module
 */
import type { ImageConfig, RunConfig } from '../../formats/oci/types.ts';
import type { ImageReport } from '../../transforms/describe/report.ts';
import { NIL_LIST, NIL_MAP, type Value, type ValueMap } from '../template/values.ts';

export interface DockerNames {
  /** `NAME:TAG` of the reference, where it has one. */
  readonly tags: readonly string[];
  readonly digests: readonly string[];
}

/** @param config the document as it is: fields that pare does not know stay */
export function dockerShape(report: ImageReport, config: ImageConfig, names: DockerNames): ValueMap {
  const layers = report.layers.map(({ diffId }) => diffId);
  return {
    Id: report.configDigest ?? report.digest,
    RepoTags: names.tags,
    RepoDigests: names.digests,
    Parent: '',
    Comment: config.history?.at(-1)?.comment ?? '',
    Created: config.created ?? '0001-01-01T00:00:00Z',
    DockerVersion: '',
    Author: config.author ?? '',
    Config: configShape(config.config ?? {}),
    Architecture: config.architecture,
    Variant: config.variant ?? '',
    Os: config.os,
    OsVersion: config['os.version'] ?? '',
    Size: report.layers.reduce((sum, { unpacked }) => sum + unpacked, 0),
    RootFS: { Type: 'layers', Layers: layers },
    Metadata: { LastTagTime: '0001-01-01T00:00:00Z' },
    Descriptor: { mediaType: report.mediaType, digest: report.digest },
  };
}

/** With the fields that Docker prints in any case, empty where the image says nothing. */
function configShape(config: RunConfig): ValueMap {
  const own = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null && value !== undefined));
  return {
    User: '',
    ExposedPorts: NIL_MAP,
    Env: NIL_LIST,
    Cmd: NIL_LIST,
    Volumes: NIL_MAP,
    WorkingDir: '',
    Entrypoint: NIL_LIST,
    OnBuild: NIL_LIST,
    Labels: NIL_MAP,
    StopSignal: '',
    Healthcheck: null,
    Shell: NIL_LIST,
    ...(own as Readonly<Record<string, Value>>),
  };
}
