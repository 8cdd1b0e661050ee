/** What the cases come to that no golden speaks of, or that differ from theirs. @module */

/** The reason for which the build has to fail. */
export const EXPECTED_FAILURES: Readonly<Record<string, RegExp>> = {
  '027-environment': /Dockerfile\.case:12:.* it has a ' that is not closed/,
  // Buildah's own option --volume shows a directory that no Dockerfile asks for; docker build has no such option.
  '035-mount': /"RUN stat .*" ended with exit status 1/,
  '051-copy-multiple-missing-file-with-glob': /Dockerfile\.case:2: "\/file-z\.txt" is not there/,
  '057-copy-integration3': /Dockerfile\.case:4: "\/test1\.txt" is left out by \.dockerignore/,
  '141-dockerignore-allowlist-subdir-nofile-dir': /Dockerfile\.case:2: "\/folder1" is not there/,
  '151-dockerignore-allowlist-alternating-nothing':
    /Dockerfile\.case:8: "\/subdir\/.*\/file" is left out by \.dockerignore/,
  // The stand-in of the base has no such file.
  '171-builtins':
    /"RUN cp -p \/etc\/nsswitch\.conf \/2\.txt" ended with exit status 1\n.*\n.*can't stat '\/etc\/nsswitch\.conf'/,
  // The stand-in's shell is busybox's, whose printf has no %q.
  '181-quoted_and_inherited_arg': /Dockerfile\.case:6: "RUN printf .*" ended with exit status 1\n.*\n.*%q/,
};

const X = ['parents/x', 'parents/x/a.txt', 'parents/x/y', 'parents/x/y/a.txt', 'parents/x/y/b.txt'];
const Z = ['parents/x/z', 'parents/x/z/a.txt', 'parents/x/z/b.txt'];

/** Paths of the whole tree but the base's, for cases without a golden. */
export const EXPECTED_TREES: Readonly<Record<string, readonly string[]>> = {
  '041-stage-container-as-source-plus-hardlinks': ['subdir', 'subdir/passwd', 'subdir/passwd2 = subdir/passwd'],
  // As 105 below: BuildKit looks into the directory that is left out, and finds a file that is not.
  '055-copy-integration1': ['sub1.txt', 'subdir', 'subdir/sub1.txt', 'test2.txt'],
  '081-copy--parents-directories': ['parents', ...X, ...Z],
  '083-copy--parents-all-directories': [
    ...['parents', 'parents/Dockerfile', ...X, ...Z],
    ...['parents/y', 'parents/y/a.txt', 'parents/y/b.txt'],
  ],
  '085-copy--parents-path-with-star': [
    ...['parents', 'parents/x', 'parents/x/y', 'parents/x/y/a.txt', 'parents/x/z', 'parents/x/z/a.txt'],
    ...['parents/y', 'parents/y/b.txt'],
  ],
  '087-copy--parents-unknown-count-parent-directories': ['parents', ...X, ...Z],
  '089-copy--parents-limit-parents-unknown-count-parent-directories': [
    ...['parents', 'parents/a.txt', 'parents/y', 'parents/y/a.txt', 'parents/y/b.txt'],
    ...['parents/z', 'parents/z/a.txt', 'parents/z/b.txt'],
  ],
  '091-copy--parents-limit-parent-directories-1': ['parents', 'parents/a.txt', 'parents/b.txt'],
};

interface Difference {
  readonly reason: string;
  readonly lines: readonly string[];
}

const SETID = "BuildKit keeps a file's set-user-ID and set-group-ID bits; the classic builder and buildah drop them";
const OWN_MODE =
  'a directory that is left out and holds something that is not keeps its own permissions, as BuildKit sends it; the classic builder and buildah make it anew';
const RELATIVE =
  "BuildKit's copier takes --exclude relative to the source; the buildah of the golden, relative to the context; Docker 20.10 has no such flag";
const WILDCARD =
  "today's BuildKit looks for wildcard exceptions (!**/x) in directories that are left out; that of Docker 20.10, the classic builder and buildah do not look there";

const NO_FLAG = 'Docker 20.10 and buildah 1.28 do not know the flag';
const ATTRIBUTES =
  "Docker's builders leave attributes other than capabilities out of layers; here they stay, as in buildah";
const LINK_AND_DIRECTORY =
  'a directory and a link that meet replace each other, as in the classic builder and buildah; BuildKit refuses it';
const EMPTY_SENT =
  "the BuildKit of Docker 20.10 sends directories in which all is left out; the others, and today's, do not";

/** Of cases that are here as the golden has them, or have none: what the other builders are about. */
export const REMARKS: Readonly<Record<string, string>> = {
  '001-copy-escape-glob': "Docker's classic builder and buildah 1.28 fail where wildcards are escaped",
  '047-xattrs-file-in-archive': ATTRIBUTES,
  '049-xattrs-file-in-other-stage': ATTRIBUTES,
  '055-copy-integration1': WILDCARD,
  '071-add--exclude-includes-star': NO_FLAG,
  '073-add--exclude-includes-dot': NO_FLAG,
  '075-copy--exclude-includes-dot-slash': NO_FLAG,
  '081-copy--parents-directories': NO_FLAG,
  '083-copy--parents-all-directories': `BuildKit misses a file that is called / where --parents is to copy the whole context; ${NO_FLAG}`,
  '085-copy--parents-path-with-star': NO_FLAG,
  '087-copy--parents-unknown-count-parent-directories': NO_FLAG,
  '089-copy--parents-limit-parents-unknown-count-parent-directories': NO_FLAG,
  '091-copy--parents-limit-parent-directories-1': NO_FLAG,
  '141-dockerignore-allowlist-subdir-nofile-dir': EMPTY_SENT,
  '149-dockerignore-allowlist-subsubdir-nosubdir': EMPTY_SENT,
  '157-multistage-builtin-args': 'the classic builder has no arguments that tell of platforms',
  '159-replace-symlink-with-directory': LINK_AND_DIRECTORY,
  '161-replace-symlink-with-directory-subdir': LINK_AND_DIRECTORY,
  '163-workdir-owner': "the classic builder's working directories are root's, whatever USER says",
  '167-heredoc-quoting': "here-documents are newer than Docker 20.10's own builders and buildah 1.28",
};

const ONE_NAME =
  "** without --parents is one name, as Go's filepath.Match has it in Docker's builders; in buildah it is any number";
/** What lies further down than one directory. */
const FURTHER_DOWN =
  'Auer Beach Croghan Ellston Hamon Minnnie Tytonidae Vernaccia alkalinity anapaestic ankylosing bilobate cache castlelike chromaticness disadvise fiddlecome fine-headed gade galliots glandules hexachlorocyclohexane huerta ileosigmoidostomy inaccordance mine-run minning misidentification near-blindness noninhabitancy ocean-born overdilation palling papsquidder parcae pasteups paymaster-generalship protopatriarchal restocks ribbon-marked smopple stacc. topsy-turvydom travel-sick unblazoned undestructible unweariableness vice-guilty';

/** Lines of differences from the golden. `docs/build.md` tells of them. */
export const EXPECTED_DIFFERENCES: Readonly<Record<string, Difference>> = {
  '037-ci-pipeline-modified': {
    reason:
      "an absolute WORKDIR is written down as it stands, in all of Docker's builders and buildah 1.28; the golden's buildah takes the slash at its end away. BuildKit's programs have variables for its tracing besides",
    lines: [
      'config: WorkingDir is "/go/src/github.com/openshift/ocp-release-operator-sdk/", wanted "/go/src/github.com/openshift/ocp-release-operator-sdk"',
    ],
  },
  '043-setuid-file-in-context': {
    reason: SETID,
    lines: ['subdir1', 'subdir2'].flatMap((dir) => [
      `${dir}/should-be-setgid-file: mode is "2755", wanted "0755"`,
      `${dir}/should-be-setuid-file: mode is "4755", wanted "0755"`,
    ]),
  },
  '065-dockerignore-minimal-test': {
    reason: OWN_MODE,
    lines: ['tmp/stuff/huge/usr', 'tmp/stuff/huge/usr/bin'].map((path) => `${path}: mode is "0775", wanted "0755"`),
  },
  '077-copy--exclude-subdir-under-source': {
    reason: RELATIVE,
    lines: ['', '/exception', '/test_file'].map((path) => `app/storage/views${path}: is missing`),
  },
  '079-copy--exclude-exception-under-source': {
    reason: RELATIVE,
    lines: ['app/storage/views/test_file: is missing'],
  },
  '105-dockerignore-exclude-kind-of-deep-subdir-dot': {
    reason: WILDCARD,
    lines: ['', '/subdir-f', '/subdir-f/file-a.txt', '/subdir-f/file-n.txt', '/subdir-f/file-o.txt']
      .concat(['/subdir-f/subdir-g', '/subdir-f/subdir-g/subdir-b'])
      .map((path) => `subdir/subdir-e${path}: is too much`),
  },
  '107-dockerignore-exclude-deep-subdir-dot': {
    reason: WILDCARD,
    lines: ['', '/subdir-g', '/subdir-g/subdir-b'].map((path) => `subdir/subdir-e/subdir-f${path}: is too much`),
  },
  '147-dockerignore-allowlist-subsubdir-file': {
    reason: OWN_MODE,
    lines: ['folder', 'folder/subfolder'].map((path) => `${path}: mode is "0775", wanted "0755"`),
  },
  '153-tar-g': { reason: 'buildah leaves an empty /tmp of its own in the image', lines: ['tmp: is missing'] },
  '155-dockerignore-exceptions-weirdness-1': {
    reason: WILDCARD,
    lines: ['newdir/subdir', 'newdir/subdir/sub1.txt'].map((path) => `${path}: is too much`),
  },
  '173-copyglob-1': {
    reason: ONE_NAME,
    lines: FURTHER_DOWN.split(' ').map((name) => `${name}.txt: is missing`),
  },
  '175-copyglob-3': {
    reason: ONE_NAME,
    lines: ['Tytonidae.txt: is missing', 'vice-guilty.txt: is missing'],
  },
  '177-mount-cache-by-ownership': {
    reason:
      "caches of one id and several owners are several in BuildKit, one in buildah; Docker's classic builder has none",
    lines: ['0+10/0', '0/10', '10/0'].map((path) => `results/${path}.txt: is missing`),
  },
};
