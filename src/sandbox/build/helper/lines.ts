/** What a program says, line by line. @module */
import { StringDecoder } from 'node:string_decoder';

/** A longer line comes in pieces. */
const LONGEST = 64 * 1024;

export interface LineSplitter {
  push(piece: Buffer): readonly string[];
  /** What is left without a line's end. */
  end(): readonly string[];
}

export function lineSplitter(): LineSplitter {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const split = (text: string): readonly string[] => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    const whole = lines.flatMap(pieces);
    if (rest.length < LONGEST) return whole;
    const long = pieces(rest);
    rest = '';
    return [...whole, ...long];
  };
  return {
    push: (piece) => split(decoder.write(piece)),
    end: () => {
      const lines = [...split(decoder.end()), ...(rest === '' ? [] : [rest])];
      rest = '';
      return lines;
    },
  };
}

function pieces(line: string): readonly string[] {
  if (line.length <= LONGEST) return [line];
  return Array.from({ length: Math.ceil(line.length / LONGEST) }, (_, i) => line.slice(i * LONGEST, (i + 1) * LONGEST));
}
