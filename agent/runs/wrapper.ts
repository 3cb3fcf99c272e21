/**
 * The text of the little `/bin/sh` program that stands between the agent and a script, so that a run needs no agent:
 * it pumps the script's two streams to files and writes how the script ended. POSIX sh, checked with dash.
 *
 * Called as `sh -c WRAPPER toru <run folder> <task id> <boot id> <cgroup or ''> <limit> <script> [argument…]`, leader of its own
 * session, with
 * 0 = the script's stdin · 1, 2, 3 = `status` (one open file, so that they share a position) · 5 = `out` · 6 = `err`.
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
 * until the note of the loss can be written, and goes on. A killed pump comes back the same way. TERM is ignored, and by
 * inheritance in `cat` too: what a script says after TERM is kept.
 *
 * The limit is the kernel's: `cat` dies of SIGXFSZ (25, so 153) at exactly that size, which costs nothing and needs no
 * agent. From then on the script is read and not kept, so that it never waits.
 */
function pump(fd: 5 | 6, name: 'out' | 'err'): string {
  return `trap '' HUP INT QUIT TERM
[ "$toru_limit" = 0 ] || { ulimit -c 0; ulimit -S -f "$toru_limit"; } 2>/dev/null
until cat >&${fd} 2>/dev/null; do
  [ $? != 153 ] || {
    trap '' XFSZ
    ulimit -S -f unlimited
    echo "full ${name}" >&3
    printf '\\n%s\\n' '${FULL_NOTE}' >&${fd}
    until cat >/dev/null; do sleep 1; done
    break
  } 2>/dev/null
  echo "cut ${name}" >&3
  until printf '\\n%s\\n' '${CUT_NOTE}' >&${fd}; do sleep 1; done 2>/dev/null
done`;
}

/**
 * Line by line:
 * - the cgroup is entered before anything else is started: all that is born later is born in it. Where that fails, the
 *   run is swept for instead.
 * - `set -C` makes `>` exclusive: of all wrappers and agents that want this run, one makes `claim`. No fork is needed.
 *   `true`, not `:`, because a failed redirection of a special builtin ends dash before `||` is reached.
 * - the boot id and our own line of /proc say who we are: a pid alone may be another process's later. `$$` is the leader
 *   of the script's group and session. Without /proc (macOS) `ps` tells when we began.
 * - traps, not ignores, around the script: they keep the wrapper alive when the group gets TERM, and are reset to the
 *   default at `exec`, so that the script dies of its signals like anywhere else.
 * - the script's subshell gets 1 = the pipe to `out`, 2 = the pipe to `err`, and none of our own files.
 * - `(exec …)`, not the bare command: its shell notes “Killed” or “Terminated” in `status` (its own stderr is fd 3), which
 *   tells death by a signal from a plain `exit 137`. bash as sh writes no such note from within a pipeline: `unnoted`.
 * - TORU_TASK_ID goes to the script only: whatever carries it was started by the script, and the pumps are spared when
 *   those are killed.
 * - the pipe of stderr passes inside the one of stdout; `7>&-` keeps the pump of err from holding out's pipe open.
 * - `drained` comes when both pumps saw the end: a background child that kept a pipe delays it, and nothing else.
 */
export const WRAPPER = `[ -n "$4" ] && { echo $$ >"$4/cgroup.procs"; } 2>/dev/null && echo "cgroup $4"
set -C
true >"$1/claim" || exit ${EXIT_CLAIMED}
set +C
echo "boot $3"
if read -r toru_line </proc/$$/stat; then echo "stat $toru_line"
else echo "ps $$ $(ps -o lstart= -p $$)"; fi 2>/dev/null
[ -z "\${BASH_VERSION-}" ] || echo unnoted
toru_id=$2
toru_limit=$5
shift 5
trap : HUP INT QUIT TERM
{ { {
trap : HUP INT QUIT TERM
(TORU_TASK_ID=$toru_id; export TORU_TASK_ID; exec "$@" 2>&8 3>&- 4>&- 5>&- 6>&- 7>&- 8>&-)
echo "exit $?" >&3
} 8>&1 >&7 2>&3 7>&- | {
exec 7>&-
${pump(6, 'err')}
}; } 7>&1 | {
${pump(5, 'out')}
}; }
echo drained >&3
`;
