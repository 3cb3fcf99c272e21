import { join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import { TokenBucket } from '../../shared/token-bucket.ts';
import type { Audit } from '../audit/audit.ts';
import { serviceCaller } from '../users/caller.ts';
import type { ServiceToken } from '../users/service-token.ts';
import type { LocalTransport, LocalTransportOptions } from './local-transport.ts';
import { startSocket } from './local-transport.ts';

/** Of one token, by kind of request: so many at once, then so many a second. */
const PACES = {
  look: { burst: 200, perS: 50 },
  change: { burst: 60, perS: 10 },
  /** What makes a process. */
  start: { burst: 20, perS: 2 },
} as const;
const STARTS = /^\/api\/(?:runs|terminals(?:\/[^/]+\/exec)?|worktrees|workspaces\/[^/]+\/tasks\/[^/]+\/execute)$/;
/** Of all that show no token. */
const GUESSES = { burst: 10, perS: 1 };

interface Options extends LocalTransportOptions {
  token: Pick<ServiceToken, 'idFor'>;
  audit: Pick<Audit, 'record'>;
  now?: () => number;
}

/**
 * The transport for programs on this host that are not its owner's: a socket whose key is the service token. With it they are an admin who
 * has typed no password: what needs one is refused. The socket is the owner's alone until the owner hands it on.
 * @throws StartError when another agent answers there.
 */
export function startServiceTransport({ home, api, log, token, audit, now = Date.now }: Options): Promise<LocalTransport> {
  const paces = new Map<string, TokenBucket>();
  const guesses = new TokenBucket(GUESSES.burst, GUESSES.perS, now());
  return startSocket({
    path: join(home, 'service.sock'),
    callerOf: (request) => {
      const id = token.idFor(/^Bearer (\S{1,200})$/.exec(request.headers.get('authorization') ?? '')?.[1] ?? '');
      if (id === null) {
        if (!guesses.take(now())) throw tooOften(guesses.wait(now()));
        audit.record({ event: 'service.token', caller: null, outcome: 'refused', detail: { reason: 'no service token that is good now' } });
        throw new ToruError(
          'unauthenticated',
          'This socket takes the service token: Authorization: Bearer, with what is in TORU_HOME/service.token.',
        );
      }
      const kind = kindOf(request);
      const key = `${id} ${kind}`;
      for (const [other, each] of paces) if (other !== key && each.full(now())) paces.delete(other);
      const pace = paces.get(key) ?? new TokenBucket(PACES[kind].burst, PACES[kind].perS, now());
      paces.set(key, pace);
      if (!pace.take(now())) throw tooOften(pace.wait(now()));
      return serviceCaller();
    },
    api,
    log,
  });
}

function kindOf(request: Request): keyof typeof PACES {
  if (request.method === 'GET' || request.method === 'HEAD') return 'look';
  return request.method === 'POST' && STARTS.test(new URL(request.url).pathname) ? 'start' : 'change';
}

function tooOften(waitMs: number): ToruError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new ToruError('too_many_requests', `This token asks too often. Try again in ${seconds} s.`, { extra: { retry_after: seconds } });
}
