import * as z from 'zod';
import { actionFields } from '../../shared/actions.ts';
import { ToruError } from '../../shared/errors.ts';
import type { OnHost, Tally } from '../../shared/on-hosts.ts';
import { alike, isUnderWay, notPressedYet, PressOnHosts, tally } from '../../shared/on-hosts.ts';
import { isFinal } from '../../shared/run-state.ts';
import type { Run } from '../../shared/runs.ts';
import { run as runShape } from '../../shared/runs.ts';
import type { EdgeHost, EdgeSession } from './edge-session.ts';
import { isLoggedOut } from './edge-session.ts';
import type { Io } from './io.ts';
import { describeError, note, print, UsageError } from './io.ts';
import { stateOf, tookOf } from './plain-run.ts';
import { plain } from './terminal-filter.ts';

const EVERY_MS = 1000;
/** A run whose host was not reached for so long is followed no longer: when its host is back, nobody knows. */
const GIVEN_UP_MS = 60_000;
/** A press whose answer does not come is sent again under its id by nobody: a host does not start it after this. */
const PRESS_MS = 30_000;

/** An action, as far as a press on several hosts has to know it. */
const pressable = z.object({
  id: z.string(),
  label: z.string(),
  inputs: actionFields.shape.inputs,
  content_hash: z.string().nullish(),
  problem: z.string().nullish(),
});
export type Pressable = z.infer<typeof pressable>;
const started = z.looseObject({ task_id: z.string().nullish() });
const actionList = z.object({ items: z.array(pressable) });
const runList = z.object({ items: z.array(runShape) });

/** Who is meant, and what is not to be pressed where. */
export interface Chosen {
  /** In the order of the list of hosts. */
  hosts: readonly EdgeHost[];
  action: Pressable;
  /** By host: why it is not pressed there. */
  refused: ReadonlyMap<string, string>;
}

/**
 * The hosts that were named, by name, id, or the beginning of either; null: all of them.
 * @throws UsageError where that is none or several.
 */
export function hostsNamed(hosts: readonly EdgeHost[], named: string | null): EdgeHost[] {
  if (named === null) return [...hosts];
  const typed = named.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim().toLowerCase()]));
  if (typed.length === 0) throw new UsageError('--host: the names of hosts are expected, with commas between.');
  const chosen = typed.map((name) => {
    const exact = hosts.filter((host) => host.id === name || host.name.toLowerCase() === name);
    const found = exact.length > 0 ? exact : hosts.filter((host) => host.id.startsWith(name) || host.name.toLowerCase().startsWith(name));
    const [host] = found;
    if (host !== undefined && found.length === 1) return host;
    const names = (found.length > 1 ? found : hosts).map((one) => plain(one.name)).join(', ');
    throw new UsageError(
      found.length > 1 ? `“${name}” may be ${names}. Type more of it.` : `There is no host “${name}”. There are ${names}.`,
    );
  });
  return hosts.filter((host) => chosen.includes(host));
}

/**
 * The action on the chosen hosts: pressed where it is the same as on most of them; what is away can't be compared.
 * @throws UsageError where no host that is there has it, or it asks for what differs from host to host.
 */
export async function choose(session: EdgeSession, hosts: readonly EdgeHost[], id: string, signal: AbortSignal): Promise<Chosen> {
  const refused = new Map<string, string>();
  const there = hosts.filter(({ online }) => online);
  const lists = await Promise.all(
    there.map(async (host) => {
      try {
        const { items } = await session.ask('GET', `/api/hosts/${host.id}/actions`, actionList, { signal });
        const action = items.find((one) => one.id === id);
        if (action === undefined) refused.set(host.id, `has no action “${id}” for ${session.username}`);
        else if (action.content_hash == null) refused.set(host.id, action.problem ?? 'its script can’t be run');
        return action === undefined ? [] : [{ host: host.id, action }];
      } catch (error) {
        if (isLoggedOut(error)) throw error;
        refused.set(host.id, sentenceOf(error));
        return [];
      }
    }),
  );
  const { action, other } = alike(lists.flat());
  for (const host of other)
    if (!refused.has(host)) refused.set(host, 'another script or definition stands there under that name: run it by itself, with --host');
  if (action === null) {
    if (there.length === 0) throw new UsageError('None of these hosts is there: what it asks for is not known. See: toru hosts');
    throw new UsageError(
      `None of these hosts can run “${id}”: ${there.map(({ id: host, name }) => `${plain(name)} ${refused.get(host)}`).join('; ')}.`,
    );
  }
  const unfit = action.inputs.find((input) => input.type === 'file' || (input.type === 'choice' && input.options_from !== undefined));
  if (unfit !== undefined)
    throw new UsageError(
      `“${id}” asks for ${unfit.name}: a file, or something that a script of each host says. Type toru run on each of them.`,
    );
  return { hosts, action, refused };
}

/**
 * Presses, follows each run to its end, and prints a row for each host as it ends. Ctrl-C cancels all of them; a second one leaves.
 * @param waits_s for hosts that are away; 0: not run there. @returns the exit code, and whether a run waits for its host: it does as long as
 * the session lives.
 */
export async function pressOnAll(
  session: EdgeSession,
  { hosts, action, refused }: Chosen,
  { inputs, waits_s, json }: { inputs: Readonly<Record<string, unknown>>; waits_s: number; json: boolean },
  io: Io,
): Promise<{ code: number; waits: boolean }> {
  const leave = new AbortController();
  let lost: ToruError | null = null;
  const sentence = (error: unknown): string => {
    if (isLoggedOut(error)) lost ??= error;
    return sentenceOf(error);
  };
  const call = { signal: leave.signal };
  const presses = new PressOnHosts(
    {
      press: async (host, given, seconds) => {
        const away =
          seconds > 0 ? { when_away: 'queue', expires_s: seconds } : { not_after: new Date(Date.now() + PRESS_MS).toISOString() };
        const body = { action: action.id, inputs: given, request_id: crypto.randomUUID(), ...away };
        return (await session.ask('POST', `/api/hosts/${host}/runs`, started, { body, ...call })).task_id ?? null;
      },
      cancel: async (host, id) =>
        void (await session.ask('POST', `/api/hosts/${host}/runs/${id}/cancel`, z.unknown(), { body: {}, ...call })),
      read: (host, id) => readRun(session, host, action.id, id, leave.signal),
      sentence,
    },
    hosts.flatMap(({ id }) => (refused.has(id) ? [{ ...notPressedYet(id), problem: refused.get(id) ?? '' }] : [])),
    () => undefined,
  );
  const rows = new Rows(hosts, json, io);
  let cancelling = false;
  const cancel = async (): Promise<void> => {
    cancelling = true;
    process.once('SIGINT', () => leave.abort());
    await note(io, 'cancelling all of them; press Ctrl-C again to stop watching');
    await presses.cancel();
  };
  const interrupted = (): void => void cancel();
  io.interrupted.addEventListener('abort', interrupted, { once: true });
  try {
    await presses.press(
      hosts.flatMap(({ id }) => (refused.has(id) ? [] : [id])),
      inputs,
      waits_s,
    );
    // What was pressed before Ctrl-C had an id to be cancelled by has one now.
    if (io.interrupted.aborted) await presses.cancel();
    for (; lost === null; await pause(EVERY_MS, leave.signal)) {
      await presses.look();
      await rows.show(presses.rows);
      if (leave.signal.aborted || rows.over(presses.rows)) break;
    }
  } finally {
    io.interrupted.removeEventListener('abort', interrupted);
  }
  if (lost !== null) throw lost;
  return { code: await rows.end(presses.rows, cancelling), waits: presses.rows.some(({ waits }) => waits) };
}

/** The rows that were printed, and when a host was reached last. */
class Rows {
  readonly #names: ReadonlyMap<string, string>;
  readonly #width: number;
  readonly #json: boolean;
  readonly #io: Io;
  readonly #printed = new Set<string>();
  /** By host, since when it is not reached, in ms since 1970. */
  readonly #lost = new Map<string, number>();

  constructor(hosts: readonly EdgeHost[], json: boolean, io: Io) {
    this.#names = new Map(hosts.map(({ id, name }) => [id, plain(name)]));
    this.#width = Math.max(...[...this.#names.values()].map((name) => name.length));
    this.#json = json;
    this.#io = io;
  }

  /** Does nothing more come of any of them? */
  over(rows: readonly OnHost[]): boolean {
    return rows.every((row) => !isUnderWay(row) || this.#isGivenUp(row));
  }

  async show(rows: readonly OnHost[]): Promise<void> {
    for (const row of rows) {
      if (isUnderWay(row) && row.problem !== null) {
        if (!this.#lost.has(row.host)) {
          this.#lost.set(row.host, Date.now());
          await note(this.#io, `${this.#names.get(row.host)}: ${row.problem} Its run goes on; it is waited for.`);
        }
      } else this.#lost.delete(row.host);
      if (this.#printed.has(row.host) || (isUnderWay(row) && !this.#isGivenUp(row))) continue;
      this.#printed.add(row.host);
      if (!this.#json) await print(this.#io, this.#line(row));
    }
  }

  /** The one result, and an exit code for it. */
  async end(rows: readonly OnHost[], cancelling: boolean): Promise<number> {
    const counts = this.#counts(rows);
    if (this.#json) {
      const hosts = rows.map((row) => ({ ...factsOf(row), name: this.#names.get(row.host) ?? row.host }));
      await print(this.#io, JSON.stringify({ result: counts, hosts }, null, 2));
    } else await print(this.#io, wordsOf(counts));
    if (cancelling && counts.under_way > 0) return 130;
    return counts.ok + counts.waiting === rows.length ? 0 : 1;
  }

  /** A run whose host is not reached counts as away: its end is not known. */
  #counts(rows: readonly OnHost[]): Tally {
    return tally(rows.map((row) => (this.#isGivenUp(row) ? { ...row, away: true } : row)));
  }

  #isGivenUp({ host }: OnHost): boolean {
    const since = this.#lost.get(host);
    return since !== undefined && Date.now() - since >= GIVEN_UP_MS;
  }

  #line(row: OnHost): string {
    const { state, took, words } = shown(row, this.#isGivenUp(row));
    const line = `${(this.#names.get(row.host) ?? row.host).padEnd(this.#width)}  ${state.padEnd(11)}  ${took.padEnd(8)}  ${plain(words)}`;
    const { isTTY, columns } = this.#io.out;
    return isTTY && line.length > columns ? `${line.slice(0, columns - 1)}…` : line.trimEnd();
  }
}

function shown({ task_id, run, waits, away, problem }: OnHost, given_up: boolean): { state: string; took: string; words: string } {
  if (given_up) return { state: 'away', took: '', words: `its host went away; how it ends: toru logs ${task_id ?? ''}, on that host` };
  if (run !== null && isFinal(run.state)) return { state: stateOf(run), took: tookOf(run), words: run.last_line ?? run.reason ?? '' };
  return {
    state: waits ? 'waits' : away ? 'away' : 'not started',
    took: '',
    words: waits ? 'it starts when its host is back' : (problem ?? ''),
  };
}

/** For a program. */
function factsOf({ host, task_id, run, waits, away, problem }: OnHost) {
  const { state = null, exit_code = null, signal = null, started_at = null, ended_at = null, last_line = null } = run ?? {};
  return { host, task_id, state, exit_code, signal, started_at, ended_at, last_line, waits, away, problem };
}

function wordsOf({ ok, failed, under_way, waiting, away, not_started }: Tally): string {
  const words = [
    [ok, 'ok'],
    [failed, 'failed'],
    [under_way, 'under way'],
    [waiting, 'waiting for its host'],
    [away, 'away'],
    [not_started, 'not started'],
  ] as const;
  return words.flatMap(([count, word]) => (count > 0 ? [`${count} ${word}`] : [])).join(', ');
}

/** With its newest line, which only lists have. */
async function readRun(session: EdgeSession, host: string, action: string, id: string, signal: AbortSignal): Promise<Run> {
  const query = new URLSearchParams({ action, last_line: 'true', limit: '20' });
  const { items } = await session.ask('GET', `/api/hosts/${host}/runs?${query}`, runList, { signal });
  return items.find((run) => run.task_id === id) ?? session.ask('GET', `/api/hosts/${host}/runs/${id}`, runShape, { signal });
}

function sentenceOf(error: unknown): string {
  if (error instanceof ToruError) return describeError(error);
  return error instanceof Error ? error.message : 'something went wrong';
}

function pause(ms: number, left: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    left.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
