/** The image that cases call `base`, as an OCI layout. @module */
import { join } from 'node:path';
import { TreeEditor } from '../../../../src/model/editor.ts';
import { openSink } from '../../../../src/sinks.ts';
import { machinePlatform } from '../../../../src/system/machine.ts';
import { saveImage } from '../../../../src/transforms/save/save.ts';
import { baseTree } from '../base.ts';
import { type Facts, treeLines } from './facts.ts';

export interface BaseImage {
  /** Path of the layout. */
  readonly layout: string;
  readonly tree: Facts['tree'];
}

export async function makeBaseImage(directory: string): Promise<BaseImage> {
  const layout = join(directory, 'base');
  await using sink = await openSink(`oci:${layout}`, { env: { PARE_HOME: join(directory, 'store') } });
  const editor = new TreeEditor(baseTree());
  // Whatever a step mounts there, builders do not agree whether the place stays.
  const place = { kind: 'dir', meta: { mode: 0o755, uid: 0, gid: 0 }, mtime: 1_500_000_000, mtimeNs: 0 } as const;
  for (const name of ['dev', 'proc', 'sys', 'run', 'tmp']) editor.putDir(`/${name}`, place);
  const content = editor.done();
  const config = { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['sh'] };
  const history = [{ created: '2017-07-14T02:40:00Z', created_by: 'base' }];
  const platform = machinePlatform();
  await saveImage(
    { platform, config, history, created: '2017-07-14T02:40:00Z', layers: [{ kind: 'made', content }] },
    sink,
  );
  return { layout, tree: await treeLines(content, Number.MAX_SAFE_INTEGER) };
}
