import { createHash } from 'node:crypto';
import { ToruError, toToruError } from '../../shared/errors.ts';
import type { Trigger as Definition } from '../../shared/flow/definition.ts';
import type { Job, Json } from '../../shared/flow/job.ts';
import { isEnded } from '../../shared/flow/job.ts';
import { parseJson } from '../../shared/json.ts';
import {
  KEPT_MS,
  type LinkWebhook,
  type LinkWebhookJob,
  MAX_KEPT_HOOKS,
  WEBHOOK_WAIT_S,
  type WebhookAnswer,
} from '../../shared/webhooks.ts';
import type { Audit } from '../audit/audit.ts';
import type { Caller } from '../users/caller.ts';
import type { JobStore, LiveJob } from './job-store.ts';
import type { Execution, Jobs } from './jobs.ts';
import type { Revision } from './revisions.ts';
import type { StepValues } from './step-values.ts';
import type { Triggers } from './triggers.ts';
import { uuidV5 } from './uuid-v5.ts';
import { refusalOf, type SignedRequest, stripeTime } from './webhook-signature.ts';

type WebhookDefinition = Definition & { type: 'webhook' };

interface Hook {
  revision: Revision;
  trigger: string;
  definition: WebhookDefinition;
}

export interface WebhooksOptions {
  /** The instance's id. */
  host: string;
  revisions: () => Revision[];
  triggers: Pick<Triggers, 'isEnabled' | 'noteFired' | 'noteFailed'>;
  jobs: Pick<Jobs, 'execute'>;
  store: Pick<JobStore, 'load'>;
  values: Pick<StepValues, 'render' | 'ofTrigger'>;
  audit: Pick<Audit, 'record'>;
  onChange: (listener: (live: LiveJob) => void) => () => void;
}

/** A clock of the edge may be so far from this host's; and so long after its time a kept request may still be on its way. */
const KEPT_SKEW_MS = 5 * 60_000;
/** What a delivery is called by its sender, where no signature says it. */
const DELIVERIES = ['x-github-delivery', 'webhook-id', 'x-gitlab-event-uuid', 'idempotency-key'];
/** Of the sender's proof; the rest of the request is the job's to read. */
const PROOFS = new Set([
  'authorization',
  'proxy-authorization',
  'x-gitlab-token',
  'x-hub-signature',
  'x-hub-signature-256',
  'webhook-signature',
  'stripe-signature',
]);

/** Requests of other services, which the edge passes on. Who may is decided here, by the hook's secret or signature. */
export class Webhooks {
  readonly #o: WebhooksOptions;
  readonly #listeners = new Set<() => void>();

  constructor(options: WebhooksOptions) {
    this.#o = options;
  }

  /** Definitions or switches of triggers are others now. */
  defined(): void {
    for (const listener of this.#listeners) listener();
  }

  /** `keptNames` may be others from now on. */
  onKeptNames(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Starts the task of a hook.
   * @returns when the job is on the disk; where the hook says `sync`, when it has ended or the edge is to ask again.
   * @throws ToruError not_found, method_not_allowed, invalid_credentials, conflict, input_…
   */
  async take(asked: LinkWebhook): Promise<WebhookAnswer> {
    const hook = this.#find(asked.name);
    const { definition, revision, trigger } = hook;
    if (asked.method === 'GET' && !definition.allow_get)
      throw new ToruError('method_not_allowed', 'This hook takes POST. Its file can say allow_get: true.', { extra: { allow: 'POST' } });
    const at = arrivalOf(asked, definition, Date.now());
    const request = requestOf(asked, at);
    const target = `${revision.workspace}/${trigger}`;
    const caller: Caller = { ...WEBHOOK, address: asked.address };
    const secret = definition.secret === undefined ? null : this.#o.values.render(revision, definition.secret);
    const refusal =
      secret === '' ? 'This hook’s secret is empty: store it, with toru secret set.' : refusalOf(definition.signature, secret, request);
    if (refusal !== null) {
      this.#o.audit.record({ event: 'trigger.fire', caller, target, outcome: 'refused', detail: { reason: refusal } });
      throw new ToruError('invalid_credentials', refusal);
    }
    const delivery = deliveryOf(definition.signature, request) ?? asked.kept?.id;
    const { job_id } = await this.#execute(hook, caller, {
      revision,
      task: definition.task,
      ...this.#o.values.ofTrigger(revision, definition.input),
      request: inputOf(asked, request),
      source: 'webhook',
      source_id: trigger,
      ...(delivery === undefined ? {} : { request_id: uuidV5(this.#o.host, `webhook/${target}/${delivery}`) }),
    });
    this.#o.triggers.noteFired(revision.workspace, trigger, job_id);
    return this.#answer(hook, job_id, definition.mode === 'sync' ? definition.timeout_secs : 0);
  }

  /** The hooks whose requests the edge is to keep while this host is away. */
  keptNames(): string[] {
    const names = this.#o
      .revisions()
      .flatMap((revision) =>
        Object.entries(revision.definitions.triggers).flatMap(([trigger, definition]) =>
          definition.type === 'webhook' && definition.keep && this.#o.triggers.isEnabled(revision.workspace, trigger, definition)
            ? [definition.name]
            : [],
        ),
      );
    return [...new Set(names)].sort().slice(0, MAX_KEPT_HOOKS);
  }

  /** What keeps a job from starting is told here, too: its sender may be a machine. @throws ToruError */
  async #execute({ revision, trigger }: Hook, caller: Caller, execution: Execution): Promise<{ job_id: string }> {
    try {
      return await this.#o.jobs.execute(caller, execution);
    } catch (error) {
      // The sender's own mistake, of which nobody has to be told.
      if (toToruError(error).code === 'request_id_reused') {
        const reason = 'A delivery of this id came before, with another content. Give each its own.';
        const target = `${revision.workspace}/${trigger}`;
        this.#o.audit.record({ event: 'trigger.fire', caller, target, outcome: 'refused', detail: { reason } });
        throw new ToruError('request_id_reused', reason);
      }
      await this.#o.triggers.noteFailed(revision, trigger, toToruError(error).message);
      throw error;
    }
  }

  /** How a job stands that a request to this hook has started. @throws ToruError not_found */
  async job({ name, job_id }: LinkWebhookJob): Promise<WebhookAnswer> {
    const hook = this.#find(name);
    const live = this.#o.store.load(job_id);
    if (live?.row.source !== 'webhook' || live.row.source_id !== hook.trigger || live.row.workspace !== hook.revision.workspace)
      throw new ToruError('not_found', 'There is no such job of this hook.');
    return this.#answer(hook, job_id, hook.definition.timeout_secs);
  }

  async #answer({ trigger, definition }: Hook, job_id: string, wait_s: number): Promise<WebhookAnswer> {
    const job = wait_s === 0 ? null : await this.#ended(job_id, Math.min(wait_s, WEBHOOK_WAIT_S) * 1000);
    return { job_id, trigger, task: definition.task, ended: job === null ? null : endOf(job), wait_s };
  }

  /** Null when it has not ended by then. */
  #ended(jobId: string, ms: number): Promise<Job | null> {
    const look = (live: LiveJob | null): Job | null => (live?.job != null && isEnded(live.job.state) ? live.job : null);
    return new Promise((resolve) => {
      const settle = (job: Job | null): void => {
        clearTimeout(late);
        stop();
        resolve(job);
      };
      const late = setTimeout(() => settle(null), ms);
      const stop = this.#o.onChange((live) => {
        const job = live.row.job_id === jobId ? look(live) : null;
        if (job !== null) settle(job);
      });
      const now = look(this.#o.store.load(jobId));
      if (now !== null) settle(now);
    });
  }

  /** @throws ToruError not_found, the same for one that is switched off; conflict where two workspaces have one of this name. */
  #find(name: string): Hook {
    const found = this.#o
      .revisions()
      .flatMap((revision) =>
        Object.entries(revision.definitions.triggers).flatMap(([trigger, definition]) =>
          definition.type === 'webhook' && definition.name === name && this.#o.triggers.isEnabled(revision.workspace, trigger, definition)
            ? [{ revision, trigger, definition }]
            : [],
        ),
      );
    const [hook] = found;
    if (hook === undefined) throw new ToruError('not_found', 'There is no such hook.');
    if (found.length > 1) throw new ToruError('conflict', 'Two workspaces have a hook of this name: rename one of them.');
    return hook;
  }
}

/** Whose the jobs of webhooks are: the host's own. */
const WEBHOOK: Caller = {
  user_id: 'local:webhook',
  username: 'webhook',
  role: 'admin',
  via: 'local',
  sid: null,
  address: null,
  auth_time: 0,
};

/**
 * When a request came: now, or when the edge says, where its hook lets the edge keep it. An edge that lies about it can hold back what was
 * sent, for a day; it can't send it twice, since a signature with a time in it counts once.
 * @throws ToruError too_late
 */
function arrivalOf({ kept }: LinkWebhook, { keep }: WebhookDefinition, now: number): number {
  if (kept === undefined || !keep) return now;
  if (kept.arrived_at > now + KEPT_SKEW_MS || kept.arrived_at < now - KEPT_MS - KEPT_SKEW_MS)
    throw new ToruError('too_late', 'The edge kept this request for longer than a day, or its clock is wrong.');
  return kept.arrived_at;
}

/** By what name a delivery starts one job. A signed one by what is signed: whoever sends it again could write the rest otherwise. */
function deliveryOf(signature: WebhookDefinition['signature'], { header, body }: SignedRequest): string | undefined {
  const named = (names: readonly string[]): string | undefined =>
    names.map((name) => header(name)).find((id) => id !== undefined && id !== '');
  switch (signature) {
    case 'standard-webhooks':
      return named(['webhook-id']);
    case 'stripe':
      return `${stripeTime(header('stripe-signature'))}.${createHash('sha256').update(body).digest('hex')}`;
    case 'github':
      return named(['x-github-delivery']);
    case 'none':
      return named(DELIVERIES);
  }
}

function requestOf({ headers, query, body }: LinkWebhook, now: number): SignedRequest {
  const found = new Map(headers.toReversed());
  return { header: (name) => found.get(name), query: new URLSearchParams(query), body: Buffer.from(body, 'base64'), now };
}

/** The request, as the task reads it: `input.body`, `input.headers`, `input.method`, `input.query`. */
function inputOf(asked: LinkWebhook, { query, header, body }: SignedRequest): Record<string, Json> {
  const text = Buffer.from(body).toString('utf8');
  const isJson = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(header('content-type') ?? '');
  const read = asked.method === 'GET' || body.length === 0 ? null : isJson ? parseJson(text, 'The body') : text;
  return {
    // What `parseJson` gives is JSON.
    body: JSON.parse(JSON.stringify(read)),
    headers: Object.fromEntries(asked.headers.filter(([name]) => !PROOFS.has(name))),
    method: asked.method,
    query: Object.fromEntries([...query].filter(([name]) => name !== 'secret')),
  };
}

function endOf({ state, steps, error }: Job): WebhookAnswer['ended'] {
  if (state !== 'completed' && state !== 'failed' && state !== 'cancelled' && state !== 'skipped') return null;
  const output = Object.fromEntries(steps.flatMap(({ name, output: given }) => (given === undefined ? [] : [[name, given]])));
  return { state, output: JSON.stringify(output), error: error ?? null };
}
