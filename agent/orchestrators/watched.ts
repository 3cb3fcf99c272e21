import type { ProgramState } from '../../shared/terminals.ts';

/** What is known of one terminal at one moment: all that a look goes by. Times in ms since 1970. */
export interface Watched {
  id: string;
  name: string;
  /** Of what it shows; null where nothing of the kind is known. */
  saying: { state: ProgramState | null; by: 'hook' | 'notice' | null; at: number };
  /** Does an agent program run in it: one that says how it is, or was opened as one? */
  agent: boolean;
  lastOutputAt: number;
  /** When a person may have typed into it last: an agent that was just started did not see everything. */
  lastPersonAt: number;
  /** When anything was typed into it, as far as this agent saw; 0: never. */
  lastInputAt: number;
  /** How long its log is. */
  end: number;
  /** What runs in it; null where that is not known, and then no work is known to be absent. */
  work: Work | null;
}

/** The processes of a terminal. */
export interface Work {
  /** Its shell waits at a prompt: nothing runs that could stall. */
  prompt: boolean;
  /** The program in front, named once and for all. */
  front: { pid: number; start: string; name: string; startedAt: number };
  /** Where it works; null where that is not shown. */
  cwd: string | null;
  /** Processor time of everything in it so far. */
  cpuMs: number;
  /** Children of the program in front: when each began, and whether it runs or waits for a disk now. */
  children: readonly { startedAt: number; running: boolean }[];
}

/** What was noted of a terminal at the last look. */
export interface Noted {
  at: number;
  cpuMs: number | null;
  /** Since then no work was seen; null: not measured yet. */
  quietSince: number | null;
  measured: boolean;
}

/** Timers of a program that rests use this much of a processor, at most. */
const REST_SHARE = 0.01;
/** What a program starts with itself (language servers, tools that wait) belongs to it, and is no work. */
const START_MS = 20_000;
/** Between the clock of processes and ours. */
const CLOCKS_MS = 2000;

/** @param before null: it is seen for the first time. Then it counts as quiet since its last output, once no work was measured. */
export function noted(before: Noted | null, now: Watched, at: number): Noted {
  const { work } = now;
  if (work === null) return { at, cpuMs: null, quietSince: null, measured: false };
  const used = before?.cpuMs == null ? null : Math.max(0, work.cpuMs - before.cpuMs);
  const busy = used !== null && before !== null && used > Math.max(20, (at - before.at) * REST_SHARE);
  const working = busy || hasWorkingChild(now, work);
  const since = before?.quietSince ?? Math.min(now.lastOutputAt, at);
  return { at, cpuMs: work.cpuMs, quietSince: working ? at : since, measured: used !== null };
}

/** A child works that runs, or was started for what was typed last: a download that waits for the network uses no processor. */
function hasWorkingChild({ lastInputAt }: Watched, { front, children }: Work): boolean {
  const least = Math.max(lastInputAt - CLOCKS_MS, front.startedAt + START_MS);
  return children.some(({ startedAt, running }) => running || startedAt > least);
}

/**
 * Since when has it stalled? Two signals that know nothing of each other: no output, and either no work or the program's own word that
 * it waits for input.
 * @returns null: it has not; `at`: when it will have, if nothing happens until then.
 */
export function stallOf(now: Watched, note: Noted, stallMs: number): { since: number; at: number } | null {
  const { saying, lastOutputAt, lastInputAt, work } = now;
  // A question is no stall, and neither is an end.
  if (saying.state === 'needs-input' || saying.state === 'done') return null;
  if (saying.state === 'idle') {
    const since = Math.max(lastOutputAt, lastInputAt, saying.at);
    return { since, at: since + stallMs };
  }
  if (work === null || work.prompt || note.quietSince === null || !note.measured) return null;
  const since = Math.max(lastOutputAt, lastInputAt, note.quietSince);
  return { since, at: since + stallMs };
}
