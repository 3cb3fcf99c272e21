import { randomUUID } from 'node:crypto';
import { ToruError } from '../../shared/errors.ts';
import type { HandoverOffer } from '../../shared/handover.ts';
import type { AgentControl, EdgeControl } from '../../shared/link-protocol.ts';

/** Longer than an edge waits for a member that is linked and does not answer. */
const ANSWER_MS = 45_000;

/** What this home host asks of its members, through the edge. */
export class MemberCalls {
  readonly #say: (message: AgentControl) => void;
  readonly #linked: () => boolean;
  readonly #waiting = new Map<string, PromiseWithResolvers<unknown>>();

  constructor(edge: { say: (message: AgentControl) => void; linked: () => boolean }) {
    this.#say = edge.say;
    this.#linked = edge.linked;
  }

  /** @throws ToruError host_offline, host_timeout, not_found for a member that is too old, and what edge and member refuse. */
  async ask(member: { id: string; name: string }, offer: HandoverOffer | null): Promise<unknown> {
    if (!this.#linked())
      throw new ToruError('host_offline', 'This host is not linked to its edge, and reaches no other host. Look at: toru status');
    const id = randomUUID();
    const answer = Promise.withResolvers<unknown>();
    const timer = setTimeout(() => {
      answer.reject(
        new ToruError(
          'host_timeout',
          `Neither the edge nor “${member.name}” answered. Nothing was changed. If it stays so, update the edge (toru deploy) and “${member.name}” (toru update there).`,
        ),
      );
    }, ANSWER_MS);
    this.#waiting.set(id, answer);
    try {
      this.#say({ type: 'handover', id, host: member.id, offer });
      return await answer.promise;
    } catch (error) {
      throw inWords(error, member.name);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  answered({ id, answer }: Extract<EdgeControl, { type: 'handover' }>): void {
    const waiting = this.#waiting.get(id);
    if (answer.ok) waiting?.resolve(answer.value);
    else waiting?.reject(new ToruError(answer.code, answer.message));
  }
}

/** What a refusal means for that member, with the next step. */
function inWords(error: unknown, name: string): unknown {
  if (!(error instanceof ToruError)) return error;
  switch (error.code) {
    case 'host_offline':
      if (error.message.startsWith('This host is not linked')) return error;
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
