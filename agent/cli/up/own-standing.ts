import { randomHex } from '../../../shared/encoding.ts';
import { VERSION } from '../../../shared/version.ts';
import type { EdgeLocation } from '../../config-edge.ts';
import { DialError, dial } from '../../link/dial.ts';
import { EdgePin } from '../../link/edge-pin.ts';
import type { Identity } from '../../link/identity.ts';

/**
 * Does the edge no longer know this member? Then it was revoked there, or the installation was made again. An edge that can't be reached,
 * or is not the one that is pinned, says nothing: the agent keeps trying.
 */
export async function isForgotten(
  host: { home: string; id: string; name: string; identity: Identity },
  edge: EdgeLocation,
  signal: AbortSignal,
): Promise<boolean> {
  const { id, name, identity } = host;
  const options = {
    identity,
    self: { id, name, version: VERSION },
    process: randomHex(16),
    pin: new EdgePin(host.home, edge),
    clock: 0,
    signal,
  };
  try {
    await dial(edge, options, ({ socket }) => socket.terminate());
    return false;
  } catch (error) {
    if (!(error instanceof DialError)) throw error;
    return error.unknownHost;
  }
}
