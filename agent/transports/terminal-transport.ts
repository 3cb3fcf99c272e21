import { join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import { TERMINAL_SOCKET } from '../../shared/own-terminal.ts';
import { TokenBucket } from '../../shared/token-bucket.ts';
import type { Audit } from '../audit/audit.ts';
import type { TerminalTokens } from '../terminals/terminal-tokens.ts';
import type { Terminals } from '../terminals/terminals.ts';
import type { Caller } from '../users/caller.ts';
import { programIn } from '../users/caller.ts';
import type { LocalTransport, LocalTransportOptions } from './local-transport.ts';
import { startSocket } from './local-transport.ts';

/** Of one terminal: a program in a loop must not become the agent's work. */
const REQUESTS = { burst: 40, perS: 5 };

interface Options extends LocalTransportOptions {
  tokens: Pick<TerminalTokens, 'terminalOf'>;
  terminals: Pick<Terminals, 'store'>;
  audit: Pick<Audit, 'record'>;
}

/**
 * The transport for programs inside terminals: a socket of their own, at which a terminal's token is the only key and opens the routes of
 * that terminal alone (agent/api/own-terminal-api.ts). Programs are told of this socket, and not of the owner's.
 * @throws StartError when another agent answers there.
 */
export function startTerminalTransport({ home, api, log, tokens, terminals, audit }: Options): Promise<LocalTransport> {
  const buckets = new Map<string, TokenBucket>();
  const callerOf = (request: Request): Caller => {
    const token = /^Bearer (\S{1,200})$/.exec(request.headers.get('authorization') ?? '')?.[1] ?? '';
    const id = tokens.terminalOf(token);
    const row = id === null ? null : terminals.store.get(id);
    if (id === null || row === null || row.state === 'ended') {
      audit.record({
        event: 'terminal.token',
        caller: null,
        target: id,
        outcome: 'refused',
        detail: { reason: 'no token of a terminal that runs' },
      });
      throw new ToruError(
        'unauthenticated',
        'Only programs in a terminal of Toru are heard here: TORU_TERMINAL_TOKEN is missing, or its terminal has ended.',
      );
    }
    const now = Date.now();
    const bucket = buckets.get(id) ?? new TokenBucket(REQUESTS.burst, REQUESTS.perS, now);
    buckets.set(id, bucket);
    for (const [other, each] of buckets) if (other !== id && each.full(now)) buckets.delete(other);
    if (!bucket.take(now)) throw new ToruError('too_many_requests', 'The programs in this terminal ask too often. Wait a second.');
    return programIn(id, row.name);
  };
  return startSocket({ path: join(home, TERMINAL_SOCKET), callerOf, api, log });
}
