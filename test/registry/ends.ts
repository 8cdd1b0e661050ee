/** The two ends of a copy: how each is opened, how an image is put there, and how one sees what is there. @module */
import { parseReference, type RemoteReference } from '../../src/formats/reference/parse.ts';
import type { Sink, Source } from '../../src/ports/content-store.ts';
import { openSink } from '../../src/sinks.ts';
import { openSource } from '../../src/sources.ts';
import { openRegistrySink } from '../../src/transports/registry/sink/sink.ts';
import { openRegistrySource } from '../../src/transports/registry/source.ts';
import { type TestWorld, testAccess } from './access.ts';
import {
  type Graph,
  type Look,
  lookIntoLayout,
  lookIntoRegistry,
  putInLayout,
  putInRegistry,
  strayFiles,
  taggedInLayout,
} from './graph.ts';
import type { Registry } from './server.ts';

export interface End {
  source(): Promise<Source>;
  sink(): Promise<Sink>;
  put(graph: Graph): void;
  readonly look: Look;
  /** The digest that the image's name stands for. */
  tagged(): string | undefined;
  /** What lies about there. */
  stray(): string[];
}

const NAME = 'some/image';
const TAG = 'v1';

export function registryEnd({ host, storage }: Registry, world: TestWorld): End {
  const access = testAccess({ world, credentials: { [host]: { kind: 'basic', username: 'me', password: 'secret' } } });
  const text = `docker://${host}/${NAME}:${TAG}`;
  const reference = parseReference(text) as RemoteReference;
  const repository = storage.repository(NAME);
  return {
    source: () => openRegistrySource(reference.named, access, { text }),
    sink: () => openRegistrySink(reference, access),
    put: (graph) => putInRegistry(graph, repository, TAG),
    look: lookIntoRegistry(repository),
    tagged: () => repository.tags.get(TAG),
    stray: () => [],
  };
}

export function layoutEnd(dir: string): End {
  return directoryEnd(dir, `oci:${dir}:${TAG}`, TAG, {});
}

export function storeEnd(dir: string): End {
  return directoryEnd(dir, `${NAME}:${TAG}`, `docker.io/${NAME}:${TAG}`, { PARE_HOME: dir });
}

function directoryEnd(dir: string, reference: string, name: string, env: Readonly<Record<string, string>>): End {
  return {
    source: () => openSource(reference, { env }),
    sink: () => openSink(reference, { env }),
    put: (graph) => putInLayout(graph, dir, name),
    look: lookIntoLayout(dir),
    tagged: () => taggedInLayout(dir, name),
    stray: () => strayFiles(dir),
  };
}
