/**
 * The text of the little `/bin/sh` program that stands between the agent and a script, so that a run needs no agent:
 * it pumps the script's two streams to files and writes how the script ended. POSIX sh, checked with dash, bash and busybox.
 *
 * Called as `sh -c WRAPPER toru <boot id> <cgroup or ''> <limit> [order…]` in the run's folder, leader of its own session, with
 * 0 = the script's stdin · 1, 2 = `status` (one open file, so that they share a position) · 5 = `out` · 6 = `err`.
 * The order says what to run: `<task id> <working directory> <number of variables> [NAME=value…] <script> [argument…]`.
 *
 * Without an order it gets ready and waits: the order then comes over 3, `<number of words>` and the words, a line
 * each. They are read as data and parsed by nobody; which ones fit into lines is decided in order.ts. The end of 3
 * before a whole order means that the agent has gone or does not want it: it ends, and has claimed nothing. (Not over
 * stdin: bash takes a socket there for a login from elsewhere, and reads ~/.bashrc.)
 *
 * Streams are real pipes: with files as stdout, `echo x >/dev/stderr` (common in scripts) would truncate the log; with
 * Node's own pipes (socket pairs) it fails with ENXIO.
 */

/** What stands in the output where some of it is missing. Written by the wrapper, as soon as there is room again. */
export const CUT_NOTE = '[toru] Some output is missing here: it could not be written. Is the disk full?';

/** … and at the end of a stream of which more was printed than is kept. */
export const FULL_NOTE = '[toru] More was printed than is kept of a run: the rest is not here.';

/** The unit of <limit>: `ulimit -f` counts in blocks of 512 bytes. 0 = no limit. */
export const LIMIT_BLOCKS_PER_MB = 2048;

/** Wrapper's exit code when another one, or the agent, took the claim before it: nothing was run. */
export const EXIT_CLAIMED = 125;

/**
 * One pump. `until`: on a full disk `cat` fails, and without a reader the script would die of SIGPIPE; so the pump waits
 * until the note of the loss can be written, and goes on. A killed pump comes back the same way. TERM is ignored, by
 * inheritance in `cat` too: what a script says after TERM is kept. `LC_ALL`: `cat` would read a dozen files of its locale.
 *
 * The limit is the kernel's: `cat` dies of SIGXFSZ (25, so 153) at exactly that size, which costs nothing and needs no
 * agent. From then on the script is read and not kept, so that it never waits.
 */
function pump(from: 4 | 9, fd: 5 | 6, name: 'out' | 'err'): string {
  return `[ "$toru_limit" = 0 ] || { ulimit -c 0; ulimit -S -f "$toru_limit"; } 2>/dev/null
until LC_ALL=C cat <&${from} >&${fd} 2>/dev/null; do
  [ $? != 153 ] || {
    trap '' XFSZ
    ulimit -S -f unlimited
    echo "full ${name}"
    printf '\\n%s\\n' '${FULL_NOTE}' >&${fd}
    until cat <&${from} >/dev/null; do sleep 1; done
    break
  } 2>/dev/null
  echo "cut ${name}"
  until printf '\\n%s\\n' '${CUT_NOTE}' >&${fd}; do sleep 1; done 2>/dev/null
done`;
}

/**
 * Line by line:
 * - the cgroup is entered before anything else is started: all that is born later is born in it. Where that fails, the
 *   run is swept for instead.
 * - two pipes, 4 ← 7 for `out` and 9 ← 8 for `err`, made without a process: a here-document is one, and /proc opens its other
 *   end. Where it is not (macOS, bash), two FIFOs that lose their names at once.
 * - the pumps ignore signals from birth on, and end when nobody can write any more: a background child that kept a pipe
 *   delays \`drained\`, and nothing else.
 * - traps, not ignores, around the script: they keep the wrapper alive when the group gets TERM, and are reset to the
 *   default at \`exec\`, so that the script dies of its signals like anywhere else.
 * - the boot id and our own line of /proc say who we are: a pid alone may be another process's later. \`$$\` is the leader
 *   of the script's group and session. Without /proc (macOS) \`ps\` tells when we began. It is looked up early, and written
 *   when the claim is ours.
 * - \`set -C\` makes \`>\` exclusive: of all wrappers and agents that want this run, one makes \`claim\`. No fork is needed.
 *   \`true\`, not \`:\`, because a failed redirection of a special builtin ends dash before \`||\` is reached. The folder was
 *   renamed since we came into it; we are still in it.
 * - \`(exec …)\`, not the bare command: its shell notes “Killed” or “Terminated” in \`status\` (its own stderr), which
 *   tells death by a signal from a plain \`exit 137\`. bash as sh writes no such note of TERM: \`unnoted\`.
 * - TORU_TASK_ID and the variables go to the script only: whatever carries the former was started by the script, and the
 *   pumps are spared when those are killed.
 * - the script gets 1 = the pipe to \`out\`, 2 = the pipe to \`err\`, and none of our own files.
 */
export const WRAPPER = `[ -n "$2" ] && { echo $$ >"$2/cgroup.procs"; } 2>/dev/null && echo "cgroup $2"
toru_boot=$1
toru_limit=$3
shift 3
exec 4<<A 9<<B
A
B
if [ -p /proc/self/fd/4 ] && { true >/proc/self/fd/4; } 2>/dev/null; then exec 7>/proc/self/fd/4 8>/proc/self/fd/9
else
  mkfifo pipe4 pipe9
  exec 4<>pipe4 9<>pipe9 7>pipe4 8>pipe9 4<pipe4 9<pipe9
  rm pipe4 pipe9
fi
trap '' HUP INT QUIT TERM
(
exec 3<&- 6>&- 7>&- 8>&- 9<&-
${pump(4, 5, 'out')}
) &
(
exec 3<&- 4<&- 5>&- 7>&- 8>&-
${pump(9, 6, 'err')}
) &
exec 4<&- 5>&- 6>&- 9<&-
trap : HUP INT QUIT TERM
if read -r toru_self </proc/$$/stat; then toru_self="stat $toru_self"
else toru_self="ps $$ $(ps -o lstart= -p $$)"; fi 2>/dev/null
toru_end() {
  exec 7>&- 8>&-
  until wait; do :; done
}
if [ $# = 0 ]; then
  IFS= read -r toru_words <&3 || { toru_end; exit; }
  while [ $# -lt "$toru_words" ]; do
    IFS= read -r toru_word <&3 || { toru_end; exit; }
    set -- "$@" "$toru_word"
  done
fi
exec 3<&-
set -C
true >claim || { toru_end; exit ${EXIT_CLAIMED}; }
set +C
echo "boot $toru_boot
$toru_self"
[ -z "\${BASH_VERSION-}" ] || echo unnoted
toru_id=$1
toru_directory=$2
toru_variables=$3
shift 3
(
cd -P -- "$toru_directory" 2>&8 || exit
unset OLDPWD
while [ "$toru_variables" -gt 0 ]; do
  export "$1"
  shift
  toru_variables=$((toru_variables - 1))
done
TORU_TASK_ID=$toru_id
export TORU_TASK_ID
exec "$@" >&7 2>&8 7>&- 8>&-
)
echo "exit $?"
toru_end
echo drained
`;
