/** ADD: archives, downloads, repositories. HTTP and GIT stand for servers of the test. @module */
import type { BuildCase, Entries } from '../oracle/case.ts';

const INSIDE: Entries = {
  'd/': '@711',
  'd/f': '@640 f',
  'd/h': '=> d/f',
  'd/l': '-> f',
  s: '@4755 s',
  'deep/er/x': 'x',
};

const FILES: Entries = {
  'plain.tar': { tar: INSIDE },
  'gz.tgz': { tar: INSIDE, compressed: 'gzip' },
  'xz.bin': { tar: INSIDE, compressed: 'xz' },
  zst: { tar: INSIDE, compressed: 'zstd' },
  bz: { tar: INSIDE, compressed: 'bzip2' },
  'implied.tar': { tar: INSIDE, members: ['deep/er/x', 'd/f'] },
  'one.gz': '@644 not gzip',
  'a.txt': 'a',
  'dir/in.tar': { tar: INSIDE },
  'empty.tar': { tar: {}, members: ['.'] },
  zero: '',
};

const add = (name: string, ...lines: readonly string[]): BuildCase => ({
  name,
  dockerfile: `${lines.join('\n')}\n`,
  files: FILES,
});
const scratch = (name: string, ...lines: readonly string[]) => add(name, 'FROM scratch', ...lines);

export const ADD_CASES: readonly BuildCase[] = [
  scratch('archives', 'ADD plain.tar /1', 'ADD gz.tgz /2/', 'ADD xz.bin /3', 'ADD bz /4'),
  scratch('an archive of zstd', 'ADD zst /5'),
  scratch('to the root', 'ADD plain.tar /'),
  scratch('directories that an archive does not name', 'ADD implied.tar /1'),
  scratch('files that are no archives', 'ADD one.gz a.txt zero /1/'),
  scratch('an archive in a directory', 'ADD dir /1'),
  scratch('several archives', 'ADD plain.tar gz.tgz a.txt /1/'),
  scratch('archives by a wildcard', 'ADD *.t* /1/'),
  scratch('an archive over what is there', 'COPY dir /1/d', 'COPY a.txt /1/s', 'ADD plain.tar /1'),
  scratch('an archive file over a directory', 'COPY dir /1/s', 'ADD plain.tar /1'),
  scratch('an archive directory over a file', 'COPY a.txt /1/d', 'ADD plain.tar /1'),
  add('an archive through a link', 'FROM base', 'RUN mkdir /1 && ln -s /data /1/d && ln -s /1 /2', 'ADD plain.tar /2'),
  scratch('an archive with another owner', 'ADD --chown=5:6 plain.tar /1/2'),
  scratch('an archive with a mode', 'ADD --chmod=700 plain.tar /1/2'),
  scratch('an empty archive', 'ADD empty.tar /1'),
  scratch('not unpacked', 'ADD --unpack=false plain.tar gz.tgz /1/'),
  scratch('unpacked', 'ADD --unpack=true plain.tar /1/', 'ADD --unpack plain.tar /2'),
  scratch('excluded', 'ADD --exclude=in.tar dir /1', 'ADD --exclude=d plain.tar /2'),
  scratch('COPY unpacks nothing', 'COPY plain.tar gz.tgz /1/'),
  scratch('link', 'ADD --link plain.tar /1', 'ADD --link a.txt /1/d/a'),
  scratch('a file of the net', 'ADD HTTP/file.txt /1/2', 'ADD HTTP/dir/file.txt?x=y /3/', 'ADD HTTP/sp%20ace /4/'),
  scratch('the root of a server', 'ADD HTTP/ /1/'),
  scratch(
    'a file of the net with all that goes',
    'ADD --chown=5:6 --chmod=751 HTTP/file.txt /1/',
    'ADD --chmod=u+x HTTP/file.txt /2',
  ),
  scratch(
    'a checksum',
    'ADD --checksum=sha256:d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa HTTP/file.txt /1',
  ),
  scratch(
    'the right checksum',
    'ADD --checksum=sha256:8231b9905fe7e86638ef7d9d13a6dc46d6c736129e84cc28e2c4e16bb6628956 HTTP/file.txt /1',
  ),
  scratch('an archive of the net', 'ADD HTTP/files.tar /1/', 'ADD --unpack HTTP/files.tar /2/'),
  scratch('what is not there', 'ADD HTTP/404 /1'),
  scratch('a repository', 'ADD GIT/repo.git /1', 'ADD GIT/repo.git#main:sub /2/', 'ADD GIT/repo.git#v1 /3'),
  scratch('a repository with its .git', 'ADD --keep-git-dir=true GIT/repo.git#v1 /1'),
  scratch('a repository with all that goes', 'ADD --chown=5:6 --chmod=700 GIT/repo.git#v1 /1/2'),
  scratch('a repository by queries', 'ADD GIT/repo.git?branch=main&subdir=sub /1', 'ADD GIT/repo.git?tag=v1 /2'),
  scratch(
    'a checksum of what is local',
    'ADD --checksum=sha256:8231b9905fe7e86638ef7d9d13a6dc46d6c736129e84cc28e2c4e16bb6628956 a.txt /1',
  ),
];
