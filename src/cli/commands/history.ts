/** `pare history REF`: how an image came to be, as docker shows it. @module */
import type { z } from 'zod';
import { openImage } from '../../sources.ts';
import { historyOf, type Step } from '../../transforms/describe/history.ts';
import { broughtBy } from '../../transforms/describe/report.ts';
import type { CommandModule } from '../command.ts';
import { table } from '../render/table.ts';
import { bytesText } from '../render/units.ts';
import type { historySchema } from '../schema/history.ts';
import { accessOf } from './inspect.ts';

interface Options {
  readonly trunc: boolean;
  readonly platform?: string;
}

/** Docker cuts what made a layer at so many characters. */
const CREATED_BY = 45;

export const history: CommandModule = {
  configure(command, context) {
    command
      .argument('<ref>', 'image')
      .option('--no-trunc', 'the whole of what made each layer')
      .option('--platform <os/arch>', 'which image of several')
      .action(async (reference: string, options: Options) => {
        const session = context();
        await using opened = await openImage(reference, accessOf(session, options.platform));
        const steps = historyOf(opened.image).map(withSizes).reverse();
        if (session.json) {
          const document = { reference, steps: steps.map(jsonOf) } satisfies z.infer<typeof historySchema>;
          return session.printJson(document);
        }
        const id = opened.image.source?.manifest.config.digest ?? opened.descriptor.digest;
        session.print(text(steps, options.trunc ? id.slice(7, 19) : id, options.trunc));
      });
  },
};

interface SizedStep extends Step {
  readonly unpacked: number;
}

function withSizes(step: Step): SizedStep {
  return { ...step, unpacked: step.layer === undefined ? 0 : broughtBy(step.layer.changes) };
}

function jsonOf({ created, createdBy, comment, layer, unpacked }: SizedStep) {
  return {
    ...(created === undefined ? {} : { created }),
    createdBy,
    comment,
    ...(layer === undefined ? {} : { diffId: layer.diffId }),
    unpacked,
    ...(layer?.descriptor === undefined ? {} : { compressed: layer.descriptor.size }),
  };
}

function text(steps: readonly SizedStep[], id: string, truncated: boolean): string {
  const rows = steps.map(({ created, createdBy, comment, layer, unpacked }, i) => [
    i === 0 ? id : '<missing>',
    created?.replace('T', ' ').replace(/(?:\.\d+)?Z$/, '') ?? '',
    shown(createdBy, truncated),
    bytesText(unpacked),
    layer?.descriptor === undefined ? '' : bytesText(layer.descriptor.size),
    comment,
  ]);
  return table(
    [
      { title: 'IMAGE' },
      { title: 'CREATED' },
      { title: 'CREATED BY' },
      { title: 'SIZE', align: 'right' },
      { title: 'COMPRESSED', align: 'right' },
      { title: 'COMMENT' },
    ],
    rows,
  );
}

function shown(createdBy: string, truncated: boolean): string {
  const line = createdBy.replace(/\s+/g, ' ').trim();
  return truncated && line.length > CREATED_BY ? `${line.slice(0, CREATED_BY - 1)}…` : line;
}
