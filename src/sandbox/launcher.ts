/**
 * The few steps that have to be done inside the namespaces, as a shell script: mount the root filesystem with a throw-away
 * layer above it, then become the runtime. Beside it stands a watcher: when pare has ended, in whatever way, even by kill -9,
 * it ends the container and takes everything away.
 * @module
 */

/**
 * Arguments: the run directory (with `lower`, a link to the root filesystem), further overlay options, the runtime, and the
 * runtime's arguments. Descriptors: 2 gets what goes wrong here; 3 is a pipe that pare holds open; 4 is the program's stderr.
 *
 * Paths are relative, since an overlay's options cannot hold every character. Where the run directory cannot be an
 * overlay's upper layer (it lies on an overlay itself, as inside a container), a tmpfs can.
 *
 * pare writes a line to the pipe once the runtime has ended; an end without a line means that pare was killed.
 */
export const LAUNCHER = `
directory=$1 options=$2 runtime=$3
shift 2
cd "$directory" || exit 125
layers() {
  mkdir -p root scratch/upper scratch/work
  chown "$(stat -c %u:%g lower/.)" scratch/upper
  chmod "$(stat -c %a lower/.)" scratch/upper
  mount -t overlay -o "lowerdir=lower,upperdir=scratch/upper,workdir=scratch/work$options" overlay root
}
layers 2>first-try || { mount -t tmpfs tmpfs scratch && layers; } || { cat first-try >&2; exit 125; }
: >mounted
(
  read -r line <&3 || "$runtime" --root "$directory/state" delete --force "\${directory##*/}" 2>/dev/null
  cd /
  umount -l "$directory/root" && { umount -l "$directory/scratch"; rm -rf "$directory"; }
) </dev/null >/dev/null 4>&- &
exec "$@" 2>&4 3<&- 4>&-
`;
