/**
 * The shell wrapper: a small `/bin/sh` program that stands between the agent and a script, so that a run needs no agent. It pumps
 * the script's two streams to files and writes how the script ended. POSIX sh, checked with dash, bash and busybox.
 *
 * Called as `sh -c 'eval "$toru"' toru <boot id> <cgroup or ''> <limit> <monitor or ''> order…` with this text in the variable
 * `toru`, in the run's folder, leader of its own session, with 0 = the script's stdin · 1, 2 = `status` (one open file, so
 * that they share a position) · 3 = the pipe for its token · 4 = the other end of 0 where viewers may type · 5 = `out` · 6 = `err`.
 * The order is the words that `argvOf` of wrapper-argv.ts makes.
 *
 * The wrapper reads a line with its token (seal.ts) from 3. When 3 ends before that line, the agent has gone: the wrapper ends, and
 * has claimed nothing. (The token does not come over stdin: bash takes a socket there for a login from elsewhere, and reads ~/.bashrc.)
 *
 * The wrapper is the readable reference of the native runner (agent/runner/runner.c), which carries runs wherever a host can run it.
 *
 * Streams are real pipes: with files as stdout, `echo x >/dev/stderr` (common in scripts) would truncate the log; with
 * Node's own pipes (socket pairs) it fails with ENXIO.
 */

/** The argument of `sh -c`: a list of the host's processes shows no page of shell. */
export const RUN_WRAPPER = 'eval "$toru"';

/** Stands in the output where some of it is missing. The wrapper writes it as soon as the disk has room again. */
export const CUT_NOTE = '[toru] Some output is missing here: it could not be written. Is the disk full?';

/** Stands in the output where a pump was killed, which may have held some of it. */
export const KILLED_NOTE = '[toru] Some output may be missing here: the process that carried it was killed.';

/** Stands at the end of a stream whose last bytes may not have come through. The agent writes it. */
export const TORN_NOTE = '[toru] Some of what was printed last may be missing here: what carries it was stopped or killed.';

/** Stands at the end of a stream of which more was printed than is kept. */
export const FULL_NOTE = '[toru] More was printed than is kept of a run: the rest is not here.';

/** The unit of <limit>: `ulimit -f` counts in blocks of 512 bytes. 0 = no limit. */
export const LIMIT_BLOCK_BYTES = 512;
export const LIMIT_BLOCKS_PER_MB = 2048;

/** When a run's folder holds this file, the run is over: its pumps read what still comes, and keep nothing of it. */
export const ENDED_FILE = 'ended';

/** The wrapper's exit code when another wrapper, or the agent, took the claim before: nothing was run. */
export const EXIT_CLAIMED = 125;

/**
 * One pump. `until`: on a full disk `cat` fails, and without a reader the script would die of SIGPIPE; so the pump waits until the
 * note of the loss can be written, and goes on. A killed pump comes back the same way. TERM is ignored, by inheritance in `cat`,
 * too: what a script prints after TERM is kept. `LC_ALL`: without it `cat` would read a dozen files of its locale.
 *
 * The kernel enforces the limit: `cat` dies of SIGXFSZ (25, so 153), which costs nothing and needs no agent. The kernel's limit is
 * one block more than what is kept, so that the mark of the end fits after output of exactly that size. From the limit on the output
 * is read and not kept, so that the script never waits. So is the output of a background child when the run is over: the agent
 * makes `ended`, and kills `cat`.
 */
function pump(from: 4 | 9, fd: 5 | 6, name: 'out' | 'err'): string {
  return `[ "$toru_limit" = 0 ] || { ulimit -c 0; ulimit -S -f $((toru_limit + 1)); } 2>/dev/null
until LC_ALL=C cat <&${from} >&${fd} 2>/dev/null; do
  toru_how=$?
  if [ "$toru_how" = 153 ] || [ -e ${ENDED_FILE} ]; then
    trap '' XFSZ
    ulimit -S -f unlimited
    [ -e ${ENDED_FILE} ] || {
      dd if=/dev/null of=${name} bs=512 seek="$toru_limit"
      echo "full ${name}"
      printf '\\n%s\\n' '${FULL_NOTE}' >&${fd}
    }
    until cat <&${from} >/dev/null; do sleep 1; done
    break
  fi 2>/dev/null
  toru_note='${CUT_NOTE}'
  [ "$toru_how" -lt 128 ] || toru_note='${KILLED_NOTE}'
  echo "cut ${name}"
  until printf '\\n%s\\n' "$toru_note" >&${fd}; do
    sleep 1
  done 2>/dev/null
done`;
}

/**
 * Line by line:
 * - the cgroup is entered before anything else is started: all that is born later is born in it. Where that fails, the
 *   run is swept for instead.
 * - where viewers may type, 4 is the writing end of the script's input. A process keeps it open, which waits until `hold` is opened:
 *   the agent does so when the input shall end, and the wrapper when the script has ended.
 * - two pipes, 4 ← 7 for `out` and 9 ← 8 for `err`, made without a process: dash makes a pipe for a here-document,
 *   and /proc opens the pipe's other end. Elsewhere (macOS, bash) two FIFOs that lose their names at once.
 * - the pumps ignore signals from birth on, and end when nobody can write any more: a background child that kept a pipe
 *   delays \`drained\`, and nothing else.
 * - traps, not ignores, in the wrapper: they keep it alive when its group is signalled, and are reset to the default for
 *   the script, so that it dies of its signals like anywhere else.
 * - the boot id and the wrapper's own line of /proc identify the wrapper: a pid alone may be another process's later. Without /proc
 *   (macOS) \`ps\` tells when the wrapper began. The line is read early, and written when the claim is made. \`leader\` is the
 *   script's own line: \`exec\` changes neither the pid nor when the process began.
 * - \`set -C\` makes \`>\` exclusive: of all wrappers and agents that want this run, one makes \`claim\`. No fork is needed.
 *   \`true\`, not \`:\`, because a failed redirection of a special builtin ends dash before \`||\` is reached.
 * - \`(exec …)\`, not the bare command: its shell notes “Killed” or “Terminated” in \`status\` (its own stderr), which
 *   tells death by a signal from a plain \`exit 137\`. bash as sh writes no such note of TERM: \`unnoted\`.
 * - the script leads a session and a group of its own, so that \`kill 0\` reaches what the script started and nobody else:
 *   \`setsid\` stands in the order's command where the host has it; elsewhere the shell is bash (macOS), whose \`set -m\` does it.
 * - TORU_TASK_ID and the script's variables are set where nothing is run any more but the script: no loader and no shell of
 *   Toru obeys them. Variables that this shell itself obeys are handed to \`env\`.
 * - the script gets 1 = the pipe to \`out\`, 2 = the pipe to \`err\`, and no file of the wrapper.
 * - the exit record carries the token, which nobody else has until then. Then it is written into both streams as well: all
 *   that the script printed stands before it, whatever a background child goes on to print.
 */
export const WRAPPER = `unset toru
[ -n "$2" ] && { echo $$ >"$2/cgroup.procs"; } 2>/dev/null && echo "cgroup $2"
[ ! -p hold ] || (
trap '' HUP INT QUIT TERM
exec 3<&- 5>&- 6>&- </dev/null >/dev/null 2>&1
true <hold
) &
toru_boot=$1
toru_limit=$3
toru_monitor=$4
shift 4
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
  [ ! -p hold ] || true <>hold
  until wait; do :; done
}
IFS= read -r toru_token <&3 || { toru_end; exit; }
exec 3<&-
set -C
true >claim || { toru_end; exit ${EXIT_CLAIMED}; }
set +C
echo "boot $toru_boot
$toru_self"
[ "$toru_limit" = 0 ] || echo "limit $toru_limit"
[ -z "\${BASH_VERSION-}" ] || echo unnoted
[ -z "$toru_monitor" ] || set -m 2>/dev/null
(
{ read -r toru_self </proc/self/stat; } 2>/dev/null && echo "leader $toru_self"
toru_id=$1
cd -- "$2" 2>&8 || exit
unset OLDPWD
toru_carried=$3
toru_obeyed=$4
shift 4
for toru_word in $toru_carried; do
  eval "export \${toru_word#*:}=\\"\\$\${toru_word%%:*}\\""
  unset "\${toru_word%%:*}"
done
for toru_word in $toru_obeyed; do
  eval "set -- \\"\${toru_word#*:}=\\$\${toru_word%%:*}\\" \\"\\$@\\""
  unset "\${toru_word%%:*}"
done
[ -z "$toru_obeyed" ] || set -- env "$@"
TORU_TASK_ID=$toru_id
export TORU_TASK_ID
exec "$@" >&7 2>&8 7>&- 8>&-
)
echo "exit $? $toru_token"
trap '' PIPE
printf '\\036toru end %s\\036' "$toru_token" >&7
printf '\\036toru end %s\\036' "$toru_token" >&8
toru_end
echo drained
`;
