/**
 * For sh: enters the cgroup that its first argument names, '' for none, and becomes the program behind it. Whoever moves a process that runs already is too late on a busy machine: what it has
 * started by then stays outside, is not in the cgroup's count of the processor, and outlives its kill.
 */
export const ENTER = `[ -z "$1" ] || { echo $$ >"$1/cgroup.procs"; } 2>/dev/null
shift
exec "$@"`;

/**
 * How a program is started that is a member of a cgroup from its first instruction on, with all that it starts.
 * Where the cgroup is gone it runs without. A program that is not there is told by sh on its error output, and exit code 127.
 * @param cgroup its folder; null: the program as it is.
 */
export function bornIn(cgroup: string | null, file: string, args: readonly string[]): { file: string; args: string[] } {
  return cgroup === null ? { file, args: [...args] } : { file: '/bin/sh', args: ['-c', ENTER, 'toru', cgroup, file, ...args] };
}
