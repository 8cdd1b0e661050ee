/** BuildToolsInFinalStage. @module */
import { packagesOf, removesUnknown } from './managers.ts';
import { imageOf } from './names.ts';
import { placeOf, type RunStep, type SizeContext } from './stages.ts';

/** Packages with compilers and what they need, of Debian, Alpine, Fedora, openSUSE and Arch. */
const TOOLS =
  /^(?:build-essential|build-base|base-devel|alpine-sdk|gcc|g\+\+|clang|llvm|cc|make|cmake|ninja(?:-build)?|meson|autoconf|automake|libtool|cargo|rustc|rust|golang|golang-go|go|gcc-c\+\+|maven|gradle|musl-dev|libc6?-dev|linux-headers|rpm-build|openjdk-\d+-jdk(?:-headless)?|openjdk\d+-jdk|default-jdk(?:-headless)?|java-[\w.]+-openjdk-devel)(?:-\d[\d.]*)?$/;

/** Headers and link libraries of a library: wanted by compilers alone. */
const HEADERS =
  /^(?:lib|zlib|python3?|openssl|postgresql|mariadb|mysql|sqlite|ncurses|readline|bzip2|xz|curl|gmp)[\w.+-]*-(?:dev|devel)$/;

/** Images made for building with. */
const IMAGES = /^(?:golang|rust|gcc|clang|maven|gradle|haskell|sbt|buildpack-deps|sdk|.*-sdk|mingw.*|emsdk)$/;

const ADVICE = 'build in a stage of its own, and COPY --from it what was built';

export function checkBuildTools({ file, base, stages, steps, report }: SizeContext): void {
  const [lowest] = stages;
  const image = base === undefined ? undefined : imageOf(base);
  if (lowest !== undefined && image !== undefined && IMAGES.test(image.name)) {
    const message = `${base?.replace(/@.*/, '')} is made for building, and all of it is in the image: ${ADVICE}`;
    report('BuildToolsInFinalStage', lowest.base.range, message);
  }
  const runs = steps.filter((step) => step.kind === 'run');
  const gone = new Set(runs.flatMap(({ commands }) => commands.flatMap((one) => packagesOf(one, 'removed'))));
  for (const run of runs)
    checkRun(run, gone, (command, tools) => {
      const names =
        tools.length > 3 ? `${tools.slice(0, 3).join(', ')} and ${tools.length - 3} more` : tools.join(', ');
      const message = `${names}: needed for building only, and in the image for good: ${ADVICE}`;
      report('BuildToolsInFinalStage', placeOf(file, run.instruction, command), message);
    });
}

/** Of packages that a later RUN removes, {@link checkRemovedLater} says what there is to say. */
function checkRun(
  { commands }: RunStep,
  gone: ReadonlySet<string>,
  say: (command: RunStep['commands'][number], tools: readonly string[]) => void,
): void {
  if (commands.some(removesUnknown)) return;
  for (const command of commands) {
    const installed = packagesOf(command, 'installed');
    // A group that apk was given a name for goes by that name.
    const isGone = installed.some((name) => gone.has(name) && (name.startsWith('.') || /build|deps/.test(name)));
    const tools = isGone ? [] : installed.filter((name) => isTool(name) && !gone.has(name));
    if (tools.length > 0) say(command, tools);
  }
}

function isTool(name: string): boolean {
  return TOOLS.test(name) || HEADERS.test(name);
}
