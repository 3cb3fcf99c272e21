/**
 * The host's processes, looked at again each time: who is whose, and who is still who. On Linux from /proc; elsewhere from
 * `ps`, which shows no environment, so that a child that left group, session and tree is not found there.
 */
export interface ProcessInfo {
  pid: number;
  parent: number;
  group: number;
  session: number;
  /** As in ProcessIdentity: with the pid it names a process once and for all (within one boot). */
  start: string;
  /** TORU_TASK_ID of its environment (a plugin's TORU_LAUNCH, a terminal's TORU_TERMINAL_ID), if it has one that we may read. */
  taskId: string | null;
  /** The pipes that it prints into, as the kernel names them. */
  pipes: readonly string[];
}

export type ProcessTable = ReadonlyMap<number, ProcessInfo>;
