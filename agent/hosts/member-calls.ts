import { randomUUID } from 'node:crypto';
import { ToruError } from '../../shared/errors.ts';
import type { HandoverOffer } from '../../shared/handover.ts';
import type { AgentControl, EdgeControl } from '../../shared/link-protocol.ts';
import type { MemberPresence } from '../../shared/members.ts';

/** Longer than an edge waits for a member that is linked and does not answer. */
const ANSWER_MS = 45_000;
/** Longer than an edge waits for the objects of its hosts, and than a slow line takes. */
const PRESENCE_MS = 3_000;

const NOT_LINKED = 'This host is not linked to its edge';

/** What this home host asks of its members, and of the edge about them. */
export class MemberCalls {
  readonly #say: (message: AgentControl) => void;
  readonly #linked: () => boolean;
  readonly #waiting = new Map<string, PromiseWithResolvers<unknown>>();
  readonly #looking = new Map<string, PromiseWithResolvers<MemberPresence[]>>();

  constructor(edge: { say: (message: AgentControl) => void; linked: () => boolean }) {
    this.#say = edge.say;
    this.#linked = edge.linked;
  }

  /** @throws ToruError host_offline, host_timeout, not_found for a member that is too old, and what edge and member refuse. */
  async ask(member: { id: string; name: string }, offer: HandoverOffer | null): Promise<unknown> {
    if (!this.#linked()) throw new ToruError('host_offline', `${NOT_LINKED}, and reaches no other host. Look at: toru status`);
    const late = new ToruError(
      'host_timeout',
      `Neither the edge nor “${member.name}” answered. Nothing was changed. If it stays so, update the edge (toru deploy) and “${member.name}” (toru update there).`,
    );
    try {
      return await this.#answerTo(this.#waiting, (id) => ({ type: 'handover', id, host: member.id, offer }), ANSWER_MS, late);
    } catch (error) {
      throw inWords(error, member.name);
    }
  }

  /** Which members are there, as the edge knows it. @throws ToruError host_offline, host_timeout where the edge can't be asked. */
  async presence(): Promise<MemberPresence[]> {
    if (!this.#linked()) throw new ToruError('host_offline', `${NOT_LINKED}, which knows who else is there. Look at: toru status`);
    const late = new ToruError(
      'host_timeout',
      'The edge did not say who is there. If it stays so, it is older than this Toru: update it (toru deploy).',
    );
    return this.#answerTo(this.#looking, (id) => ({ type: 'presence', id }), PRESENCE_MS, late);
  }

  answered({ id, answer }: Extract<EdgeControl, { type: 'handover' }>): void {
    const waiting = this.#waiting.get(id);
    if (answer.ok) waiting?.resolve(answer.value);
    else waiting?.reject(new ToruError(answer.code, answer.message));
  }

  presenceIs({ id, members }: Extract<EdgeControl, { type: 'presence' }>): void {
    this.#looking.get(id)?.resolve(members);
  }

  async #answerTo<T>(
    waiting: Map<string, PromiseWithResolvers<T>>,
    question: (id: string) => AgentControl,
    ms: number,
    late: ToruError,
  ): Promise<T> {
    const id = randomUUID();
    const answer = Promise.withResolvers<T>();
    const timer = setTimeout(() => answer.reject(late), ms);
    waiting.set(id, answer);
    try {
      this.#say(question(id));
      return await answer.promise;
    } finally {
      clearTimeout(timer);
      waiting.delete(id);
    }
  }
}

/** What a refusal means for that member, with the next step. */
function inWords(error: unknown, name: string): unknown {
  if (!(error instanceof ToruError)) return error;
  switch (error.code) {
    case 'host_offline':
      if (error.message.startsWith(NOT_LINKED)) return error;
      return new ToruError('host_offline', `“${name}” is away. Start Toru there, then type the same again.`, { cause: error });
    case 'not_found':
    case 'bad_request':
      return new ToruError('not_found', `The Toru of “${name}” is too old for that. On it: toru update. Then type the same again.`, {
        cause: error,
      });
    default:
      return error;
  }
}
