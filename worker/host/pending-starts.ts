import { toToruError } from '../../shared/errors.ts';
import type { PendingRun } from '../../shared/hosts.ts';
import type { RunRequest } from '../../shared/runs.ts';
import type { RequestHead } from '../../shared/tunnel.ts';
import type { Env } from '../env.ts';
import { accountOf } from '../env.ts';
import { grantOn } from '../session-grant.ts';
import type { Asker } from './edge-tunnel.ts';
import { errorAnswer, startedAnswer } from './login-answers.ts';
import type { PendingRuns, Settled, WaitingRun } from './pending-runs.ts';
import { SESSION_ENDED } from './pending-runs.ts';

/** A host that was too busy for a run that waited for it is asked again. */
const RETRY_MS = 10_000;
/** Asks the host, out of that user's share of the tunnel. */
type Ask = (head: RequestHead, body: ReadableStream<Uint8Array> | null, asker: Asker) => Promise<Response>;

/** What may pass by itself: the run goes on waiting. */
const LATER: ReadonlySet<string> = new Set(['host_offline', 'host_timeout', 'busy', 'internal', 'disk_full']);

/** Starts the runs that waited for the host, each under its own session as it stands now. */
export class PendingStarts {
  readonly #env: Env;
  readonly #pending: PendingRuns;
  readonly #host: () => string | null;
  readonly #ask: Ask;
  readonly #online: () => boolean;
  readonly #wake: (at: number) => void;

  /** @param parts `wake` has `care` called at that time, in ms since 1970. */
  constructor(parts: {
    env: Env;
    pending: PendingRuns;
    /** This host's id, once it was linked. */
    host: () => string | null;
    ask: Ask;
    online: () => boolean;
    wake: (at: number) => void;
  }) {
    this.#env = parts.env;
    this.#pending = parts.pending;
    this.#host = parts.host;
    this.#ask = parts.ask;
    this.#online = parts.online;
    this.#wake = parts.wake;
  }

  /** Keeps a run until the host is back, or it is too late. @throws ToruError as PendingRuns.add. */
  keep(owner: { sid: string; sub: string }, request: RunRequest): PendingRun {
    const now = Date.now();
    const kept = this.#pending.add(owner, request, now);
    const next = this.#pending.sweep(now);
    if (next !== null) this.#wake(next);
    return kept;
  }

  /** Starts what waits, if the host is there: one after the other, in the order in which they were asked for. */
  async startAll(): Promise<void> {
    this.#pending.sweep(Date.now());
    for (const run of this.#pending.waiting()) if (this.#online()) await this.#pending.start(run, () => this.#start(run));
    if (this.#online() && this.#pending.waiting().length > 0) this.#wake(Date.now() + RETRY_MS);
  }

  /** Its request id makes a second try harmless: the host starts it once. */
  async #start({ sid, sub, body }: WaitingRun): Promise<Settled | 'later' | null> {
    try {
      const session = await accountOf(this.#env).useSession(sid);
      if (session === null) return SESSION_ENDED;
      const host = this.#host();
      if (host === null) return 'later';
      const granted = await grantOn(this.#env, session, host);
      if (!granted.ok) return LATER.has(granted.code) ? 'later' : SESSION_ENDED;
      const { grant, role } = granted.value;
      const answer = await this.#ask(
        {
          method: 'POST',
          path: '/api/runs',
          query: '',
          headers: [['content-type', 'application/json']],
          body: true,
          caller: { sid, grant, address: session.address.slice(0, 64), user_agent: session.user_agent.slice(0, 300) },
        },
        new Response(body).body,
        { sub, role },
      );
      const message: unknown = await answer.json();
      if (answer.ok) {
        const started = startedAnswer.safeParse(message);
        return started.success ? { state: 'started', task_id: started.data.task_id } : null;
      }
      const { error } = errorAnswer.parse(message);
      return LATER.has(error.code) ? 'later' : { state: 'refused', message: error.message };
    } catch (thrown) {
      const error = toToruError(thrown);
      if (error.code === 'internal') console.error('A run that waited for the host was not started.', thrown);
      return LATER.has(error.code) ? 'later' : { state: 'refused', message: error.message };
    }
  }
}
