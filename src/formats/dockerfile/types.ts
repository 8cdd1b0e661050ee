/**
 * What a Dockerfile says, before anything of it is carried out: words are kept as written, `$NAME` and quotes included, since
 * their values are known only while the file is being built. Follows the language of BuildKit's Dockerfile frontend 1.26
 * (https://docs.docker.com/reference/dockerfile/).
 * @module
 */

/** A place in the file. Lines and columns count from 1; a column is a UTF-16 code unit of its line. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** `end` is the place behind the last character. */
export interface Range {
  readonly start: Position;
  readonly end: Position;
}

/** A piece of the file, line continuations taken out, otherwise unexpanded and unquoted unless its owner says so. */
export interface Word {
  readonly text: string;
  readonly range: Range;
}

export type Escape = '\\' | '`';

/** `# check=skip=A,B;error=true;experimental=C`. */
export interface CheckDirective {
  /** Rules left out by their names, or all of them. */
  readonly skip: readonly string[] | 'all';
  /** Whether a finding ends the build. */
  readonly error: boolean;
  /** Experimental rules asked for by their names, or all of them. */
  readonly experimental: readonly string[] | 'all';
}

export interface Directives {
  /** The frontend's image as it was written; nothing is ever fetched for it. */
  readonly syntax: Word | undefined;
  /** `\` where the file says nothing. */
  readonly escape: Escape;
  readonly check: CheckDirective | undefined;
}

export interface Dockerfile {
  /** What the file is called in messages. */
  readonly name: string;
  /** The text as it was given, without a byte order mark. */
  readonly text: string;
  readonly directives: Directives;
  /** ARG instructions before the first FROM, in order. */
  readonly globalArgs: readonly ArgInstruction[];
  /** In order; at least one. */
  readonly stages: readonly Stage[];
  /** Blank lines inside a continued instruction, which the language frowns upon. */
  readonly emptyContinuations: readonly Position[];
}

/** FROM and all that follows until the next one. */
export interface Stage {
  /** From 0. */
  readonly index: number;
  /** In lower case, as other instructions may name it; undefined for a stage without AS. */
  readonly name: string | undefined;
  /** The name as written. */
  readonly nameWord: Word | undefined;
  /** The word AS as written. */
  readonly asKeyword: Word | undefined;
  /** An earlier stage, an image, a named context or `scratch`; may hold global arguments. */
  readonly base: Word;
  /** Of `--platform`; may hold global arguments. */
  readonly platform: Word | undefined;
  readonly instructions: readonly Instruction[];
  /** FROM as written. */
  readonly keyword: Word;
  /** The FROM instruction itself, not the stage's whole text. */
  readonly range: Range;
  readonly source: string;
  /** The comment lines right above, without `#`. */
  readonly comments: readonly string[];
}

/** What all instructions have. */
interface Base {
  /** As written, in any case. */
  readonly keyword: Word;
  readonly range: Range;
  /** The instruction on one line: continuations joined, comments and heredocs' contents left out. */
  readonly source: string;
  /** The comment lines right above, without `#`. */
  readonly comments: readonly string[];
}

/** A command in shell form is handed to the shell as it stands; in exec form its arguments are JSON strings, decoded here. */
export type Command =
  | { readonly form: 'shell'; readonly script: Word }
  | { readonly form: 'exec'; readonly args: readonly Word[] };

export interface Heredoc {
  /** The terminating word, without quotes. */
  readonly name: string;
  /** Whether variables in the content are expanded: the terminating word was not quoted. */
  readonly expand: boolean;
  /** `<<-`: leading tabs are taken away from every line; {@link heredocContent} does it. */
  readonly chomp: boolean;
  /** As written, each line with its newline; the terminating line is not part of it. */
  readonly content: string;
  /** `<<NAME` in the instruction. */
  readonly range: Range;
  /** Its lines in the file; starts where the content starts. */
  readonly contentRange: Range;
}

/** One `key=value` (or bare `key`) of a `--mount`; the key in lower case. */
export interface MountField {
  readonly key: string;
  readonly value: string | undefined;
}

/** A `--mount` as written. Its values may hold variables: {@link resolveMount} gives the {@link Mount}. */
export interface MountFlag {
  readonly word: Word;
  readonly fields: readonly MountField[];
  /** Value of `from`, which never holds a variable: a stage, an image or a named context. */
  readonly from: string | undefined;
}

/** What a RUN sees at one path, its variables expanded. Paths are as written: relative targets are the working directory's. */
export type Mount =
  | {
      readonly type: 'bind';
      readonly target: string;
      readonly source: string;
      /** Undefined: the build context. */
      readonly from: string | undefined;
      /** Writes are possible and thrown away after the step. */
      readonly writable: boolean;
    }
  | {
      readonly type: 'cache';
      readonly target: string;
      /** The target's path where it is not given. */
      readonly id: string;
      readonly source: string;
      readonly from: string | undefined;
      readonly writable: boolean;
      readonly sharing: 'shared' | 'private' | 'locked';
      /** Of the directory when it is made; permissions in octal, 0o755 by default. */
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | {
      readonly type: 'tmpfs';
      readonly target: string;
      /** In bytes; undefined: no limit of its own. */
      readonly size: number | undefined;
    }
  | {
      readonly type: 'secret';
      readonly id: string;
      /** Undefined where the secret is an environment variable only. */
      readonly target: string | undefined;
      /** Environment variable that holds the secret. */
      readonly env: string | undefined;
      readonly required: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | {
      readonly type: 'ssh';
      readonly id: string;
      /** Of the agent's socket; undefined: where the builder puts it. */
      readonly target: string | undefined;
      readonly required: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    };

export interface RunInstruction extends Base {
  readonly kind: 'run';
  /** In shell form the script holds `<<NAME` as written; {@link runScript} puts the heredocs' contents in. */
  readonly command: Command;
  readonly heredocs: readonly Heredoc[];
  readonly mounts: readonly MountFlag[];
  readonly network: 'default' | 'none' | 'host';
  readonly security: 'sandbox' | 'insecure';
}

/** Where COPY and ADD take from: a path (or for ADD an address) that may hold variables and wildcards, or a heredoc. */
export type FileSource =
  | { readonly kind: 'path'; readonly word: Word }
  | { readonly kind: 'heredoc'; readonly heredoc: Heredoc };

/** What COPY and ADD have in common. */
interface Files extends Base {
  /** At least one, in order. */
  readonly sources: readonly FileSource[];
  readonly destination: Word;
  /** `USER[:GROUP]`, names or numbers; may hold variables. */
  readonly chown: Word | undefined;
  /** Octal or symbolic, see {@link parseMode}; may hold variables. */
  readonly chmod: Word | undefined;
  readonly link: boolean;
  /** Patterns as in `.dockerignore`, relative to the source; may hold variables. */
  readonly exclude: readonly Word[];
}

export interface CopyInstruction extends Files {
  readonly kind: 'copy';
  /** A stage by name or number, an image or a named context; without variables. Undefined: the build context. */
  readonly from: Word | undefined;
  readonly parents: boolean;
}

export interface AddInstruction extends Files {
  readonly kind: 'add';
  /** `ALGORITHM:HEX` for an http source, a commit for a git source; may hold variables. */
  readonly checksum: Word | undefined;
  /** Undefined: not said, and then a git source's own query may say it. */
  readonly keepGitDir: boolean | undefined;
  /** Undefined: local archives are unpacked, downloaded ones are not. */
  readonly unpack: boolean | undefined;
}

/** `NAME=value`; name and value may hold variables and quotes. */
export interface Assignment {
  readonly name: Word;
  readonly value: Word;
}

export interface EnvInstruction extends Base {
  readonly kind: 'env';
  readonly assignments: readonly Assignment[];
  /** `ENV NAME value` without an equals sign. */
  readonly legacy: boolean;
}

export interface LabelInstruction extends Base {
  readonly kind: 'label';
  readonly assignments: readonly Assignment[];
  readonly legacy: boolean;
}

export interface ArgInstruction extends Base {
  readonly kind: 'arg';
  readonly args: readonly { readonly name: Word; readonly value: Word | undefined }[];
}

export interface ExposeInstruction extends Base {
  readonly kind: 'expose';
  /** Each may become several after expansion, see {@link parsePorts}. */
  readonly ports: readonly Word[];
}

export interface VolumeInstruction extends Base {
  readonly kind: 'volume';
  readonly paths: readonly Word[];
}

export interface UserInstruction extends Base {
  readonly kind: 'user';
  readonly user: Word;
}

export interface WorkdirInstruction extends Base {
  readonly kind: 'workdir';
  readonly path: Word;
}

export interface StopsignalInstruction extends Base {
  readonly kind: 'stopsignal';
  readonly signal: Word;
}

export interface HealthcheckInstruction extends Base {
  readonly kind: 'healthcheck';
  /** Undefined: NONE, which takes away the base's check. */
  readonly command: Command | undefined;
  /** Durations in nanoseconds, as in the image's config; 0: inherited. */
  readonly interval: number;
  readonly timeout: number;
  readonly startPeriod: number;
  readonly startInterval: number;
  readonly retries: number;
}

export interface OnbuildInstruction extends Base {
  readonly kind: 'onbuild';
  /** What goes into the image's config, and is read again by {@link parseTrigger} when the image is built upon. */
  readonly trigger: Word;
  /** What the trigger says. */
  readonly instruction: Instruction;
}

export interface EntrypointInstruction extends Base {
  readonly kind: 'entrypoint';
  readonly command: Command;
}

export interface CmdInstruction extends Base {
  readonly kind: 'cmd';
  readonly command: Command;
}

export interface ShellInstruction extends Base {
  readonly kind: 'shell';
  readonly args: readonly Word[];
}

export interface MaintainerInstruction extends Base {
  readonly kind: 'maintainer';
  readonly maintainer: Word;
}

/** Everything but FROM, which begins a {@link Stage}. */
export type Instruction =
  | RunInstruction
  | CopyInstruction
  | AddInstruction
  | EnvInstruction
  | ArgInstruction
  | LabelInstruction
  | ExposeInstruction
  | VolumeInstruction
  | UserInstruction
  | WorkdirInstruction
  | StopsignalInstruction
  | HealthcheckInstruction
  | OnbuildInstruction
  | EntrypointInstruction
  | CmdInstruction
  | ShellInstruction
  | MaintainerInstruction;
