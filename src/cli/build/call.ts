/** `--call METHOD[,format=json]`: what docker buildx asks a frontend for instead of a build. @module */
import { Option } from 'commander';
import { ImageError } from '../../base/errors.ts';

const METHODS = ['build', 'check', 'outline', 'targets'] as const;

export interface Call {
  readonly method: (typeof METHODS)[number];
  readonly format: 'text' | 'json';
  /** Whether the exit status is 0 in any case. */
  readonly ignoresStatus: boolean;
}

export function callOption(): Option {
  return new Option('--call <method>', 'check, outline (what a target takes) or targets, instead of a build')
    .choices([...METHODS, 'lint'])
    .argParser(parseCall)
    .default({ method: 'build', format: 'text', ignoresStatus: false } satisfies Call, 'build');
}

function parseCall(text: string): Call {
  const [word = '', ...fields] = text.split(',');
  const method = METHODS.find(
    (one) => one === word.replace(/^frontend\.|^subrequests\./, '').replace(/^lint$/, 'check'),
  );
  if (method === undefined) {
    throw new ImageError('USAGE', `--call ${text}: there is no method "${word}"`, {
      hint: `write ${METHODS.join(', ')}`,
    });
  }
  let call: Call = { method, format: 'text', ignoresStatus: false };
  for (const field of fields) {
    const [key, value = 'true'] = field.split('=', 2);
    if (key === 'format' && (value === 'json' || value === 'text')) call = { ...call, format: value };
    else if (key === 'ignorestatus') call = { ...call, ignoresStatus: value === 'true' || value === '1' };
    else throw new ImageError('USAGE', `--call ${text}: write format=json, format=text or ignorestatus=true`);
  }
  return call;
}
