/** BuildKit's build checks by their names (https://docs.docker.com/reference/build-checks/), and what each is about. @module */

export const LINT_RULES = {
  ConsistentInstructionCasing: 'all instructions are written in the same case',
  CopyIgnoredFile: 'nothing is copied that .dockerignore leaves out',
  DuplicateStageName: 'a stage has a name of its own',
  ExposeInvalidFormat: 'EXPOSE names ports, neither addresses nor ports of the host',
  ExposeProtoCasing: 'EXPOSE writes protocols in lower case',
  FromAsCasing: 'AS is written in the case of FROM',
  FromPlatformFlagConstDisallowed: '--platform of FROM follows the platform that is asked for',
  InvalidBaseImagePlatform: 'the base image is for the platform that is built',
  InvalidDefaultArgInFrom: 'FROM makes sense without build arguments, too',
  InvalidDefinitionDescription: 'a comment right above FROM or ARG begins with the name it describes',
  JSONArgsRecommended: 'CMD and ENTRYPOINT are in JSON form, so that signals reach the program',
  LegacyKeyValueFormat: 'ENV and LABEL are written NAME=VALUE',
  MaintainerDeprecated: 'a label names who maintains the image',
  MultipleInstructionsDisallowed: 'CMD, ENTRYPOINT and HEALTHCHECK stand once in a stage',
  NoEmptyContinuation: 'no blank lines stand inside an instruction',
  RedundantTargetPlatform: '--platform=$TARGETPLATFORM is what happens anyway',
  ReservedStageName: 'no stage is called scratch or context',
  SecretsUsedInArgOrEnv: 'no secret goes into ARG or ENV, whose values stay in the image',
  StageNameCasing: 'names of stages are in lower case',
  UndefinedArgInFrom: 'FROM uses arguments that are declared above the first FROM',
  UndefinedVar: 'variables are set before they are used',
  WorkdirRelativePath: 'the first WORKDIR is absolute, whatever the base image has',
} as const;

export type LintRule = keyof typeof LINT_RULES;

/** Our own, about size: what ends up in an image and need not. */
export const SIZE_RULES = {
  BaseLargerThanUsed: 'the base of the image holds no more than what the image uses of it',
  BuildToolsInFinalStage: 'what is needed for building only stays in an earlier stage',
  ChangedInLaterLayer: 'files get their owner and permissions with the layer that brings them',
  CopiedTwice: 'nothing is copied into the image a second time',
  PackageCacheLeft: "no package manager's lists and downloads stay in a layer",
  RemovedInLaterLayer: 'what is removed is removed in the layer that made it',
} as const;

export type SizeRule = keyof typeof SIZE_RULES;

/** Off unless `experimental` asks for them. */
export const EXPERIMENTAL_RULES: readonly LintRule[] = ['InvalidDefinitionDescription'];
