import * as z from 'zod';
import { toToruError } from '../../shared/errors.ts';
import type { LinkHandover } from '../../shared/handover.ts';
import type { LinkLoginRequest, LoginRequest } from '../../shared/login-requests.ts';
import type { HomeFacts, LinkPair } from '../../shared/pairing.ts';
import { homeFacts } from '../../shared/pairing.ts';
import type { RequestHead } from '../../shared/tunnel.ts';
import { type LinkWebhook, type LinkWebhookJob, type WebhookAnswer, webhookAnswer } from '../../shared/webhooks.ts';
import type { Granted } from '../account/session-rows.ts';
import type { Result } from '../result.ts';
import { refusal } from '../result.ts';
import { CodePaces } from './code-paces.ts';
import type { LoginAnswer } from './login-answers.ts';
import { errorAnswer, loginAnswer, renewAnswer } from './login-answers.ts';

/** Asks the host. @throws ToruError as Tunnel.ask, and host_offline. */
export type Ask = (head: RequestHead, body: ReadableStream<Uint8Array> | null) => Promise<Response>;

/** What the edge wants to know of the host for itself: tunnelled like everything else, below `/link/`, without a caller. */
export class EdgeRequests {
  readonly #ask: Ask;
  readonly #codes = new CodePaces();

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  login(login: LoginRequest): Promise<Result<LoginAnswer>> {
    return this.#post('/link/login', login, loginAnswer);
  }

  async loginByLink(login: LinkLoginRequest): Promise<Result<LoginAnswer>> {
    const retry_after = this.#codes.try(login.code, login.address, Date.now());
    if (retry_after > 0)
      return refusal('too_many_attempts', `This link was tried too often. Try it again in ${retry_after} s.`, { retry_after });
    return this.#post('/link/login-link', login, loginAnswer);
  }

  /** A host asks to become a member: the home host's word of itself. */
  pair(asked: LinkPair): Promise<Result<HomeFacts>> {
    return this.#post('/link/pair', asked, homeFacts);
  }

  pairSecret(revealed: { user_code: string; secret: string }): Promise<Result<unknown>> {
    return this.#post('/link/pair-secret', revealed, z.unknown());
  }

  /** A home host from before there was this does not know it. */
  pairWithdrawn(withdrawn: { user_code: string }): Promise<Result<unknown>> {
    return this.#post('/link/pair-withdraw', withdrawn, z.unknown());
  }

  /** The home host hands over to this host, or asks it for a key. */
  handover(asked: LinkHandover): Promise<Result<unknown>> {
    return this.#post('/link/handover', asked, z.unknown());
  }

  /** Another service starts a workflow, by a hook of this name. */
  webhook(asked: LinkWebhook): Promise<Result<WebhookAnswer>> {
    return this.#post('/link/webhook', asked, webhookAnswer);
  }

  webhookJob(asked: LinkWebhookJob): Promise<Result<WebhookAnswer>> {
    return this.#post('/link/webhook-job', asked, webhookAnswer);
  }

  /** A grant for a member, in the session whose grant for the home host this is. */
  memberGrant(grant: string, aud: string): Promise<Result<Granted>> {
    return this.#granted('/link/member-grant', { grant, aud });
  }

  renew(grant: string): Promise<Result<Granted>> {
    return this.#granted('/link/renew', { grant });
  }

  logout(sid: string): Promise<Result<unknown>> {
    return this.#post('/link/logout', { sid }, z.unknown());
  }

  async #granted(path: string, message: object): Promise<Result<Granted>> {
    const answer = await this.#post(path, message, renewAnswer);
    return answer.ok ? { ok: true, value: { grant: answer.value.grant, grant_exp: answer.value.expires_at } } : answer;
  }

  async #post<T>(path: string, message: object, schema: z.ZodType<T>): Promise<Result<T>> {
    const head: RequestHead = {
      method: 'POST',
      path,
      query: '',
      headers: [['content-type', 'application/json']],
      body: true,
      caller: null,
    };
    try {
      const response = await this.#ask(head, new Response(JSON.stringify(message)).body);
      const answer: unknown = response.status === 204 ? null : await response.json();
      if (response.ok) return { ok: true, value: schema.parse(answer) };
      const { error } = errorAnswer.parse(answer);
      return refusal(error.code, error.message, error.retry_after === undefined ? {} : { retry_after: error.retry_after });
    } catch (thrown) {
      const error = toToruError(thrown);
      if (error.code === 'internal') console.error(`${path} failed.`, thrown);
      const { last_seen } = error.extra;
      return refusal(error.code, error.message, typeof last_seen === 'string' || last_seen === null ? { last_seen } : {});
    }
  }
}
