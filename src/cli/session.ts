/**
 * One run of the command line, from arguments to exit status: streams, signals, errors. What a verb does is in its own
 * module.
 * @module
 */
import { redacted } from '../base/secrets.ts';
import type { Progress } from '../ports/run.ts';
import { keepNewSpaceSmall } from '../system/heap.ts';
import type { CommandEntry, Context } from './command.ts';
import { renderError, STATUS, statusOf } from './errors.ts';
import { processOutput } from './output.ts';
import { CommandLineExit, type GlobalOptions, parseAndRun, wantedEntry } from './program.ts';
import { watchSignals } from './signals.ts';

/** Parses, runs, and ends the process once everything has been flushed. */
export async function runSession(args: readonly string[]): Promise<void> {
  keepNewSpaceSmall();
  const abort = new AbortController();
  const output = processOutput(() => abort.abort());
  const signals = watchSignals(abort);
  // Whoever waits for input is not to wait any longer.
  abort.signal.addEventListener('abort', () => void process.stdin.destroy());
  let status: number = STATUS.done;
  let debug = args[0] === '--debug';
  const runsProgram = wantedEntry(args)?.runsProgram === true;
  // Lines of ours among the program's own would be mistaken for them; a line that goes away again is not.
  const showsProgress = !runsProgram || process.stderr.isTTY;
  const context = (options: GlobalOptions): Context => {
    debug = options.debug;
    return {
      ...options,
      env: process.env,
      run: {
        signal: abort.signal,
        report: (progress) => {
          if ((showsProgress && !options.quiet) || progress.type === 'warning') output.progress.show(safe(progress));
        },
      },
      print: output.print,
      write: output.write,
      printJson: (value) => output.print(JSON.stringify(value, null, 2)),
      note: (text) => {
        if (!options.quiet) output.note(redacted(text));
      },
      terminal: process.stderr.isTTY && !options.quiet && process.env['TERM'] !== 'dumb' ? process.stderr : undefined,
      exit: (code) => {
        status = code;
      },
      endProgress: () => output.progress.clear(),
      takeSignals: signals.take,
    };
  };
  // What nobody waits for has failed: a mistake of ours, told like any other.
  process.on('uncaughtException', (error) => process.exit(ending(error)));
  try {
    await parseAndRun(args, context, output);
  } catch (error) {
    const signalled = signals.status();
    if (signalled !== undefined)
      output.note(`${output.mark('error', 'pare:')} ${interruption(wantedEntry(args)?.group)}`);
    status = signalled ?? ending(error);
  }
  await output.flush();
  // A part of an archive is none, and whoever made a pipeline of it is to know.
  process.exit(output.isCutOff() && signals.status() === undefined ? STATUS.readerGone : status);

  function ending(error: unknown): number {
    if (error instanceof CommandLineExit) return error.status;
    // Aborted, and by no signal: the reader of stdout has gone, and nobody is left to tell.
    if (abort.signal.aborted) return STATUS.done;
    output.note(redacted(renderError(error, { debug, mark: output.mark })));
    return statusOf(error, runsProgram);
  }
}

/** Images and archives get their names when they are whole: what makes them leaves none behind. */
function interruption(group: CommandEntry['group'] | undefined): string {
  return group === 'make' ? 'interrupted; nothing half-written is left' : 'interrupted';
}

/** Without the secrets that others may have put into it. */
function safe(progress: Progress): Progress {
  if (progress.type === 'bytes') return { ...progress, label: redacted(progress.label) };
  return { ...progress, text: redacted(progress.text) };
}
