import type { Server } from 'node:net';
import { StartError } from '../agent/start-error.ts';

/**
 * Takes the public port, before anything else is started or printed: whoever had it first would otherwise be handed the
 * password.
 * @returns the port, which differs from the wanted one when that was 0. @throws StartError in one line.
 */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  try {
    return await new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, () => {
        server.removeListener('error', reject);
        resolve(portOf(server));
      });
    });
  } catch (error) {
    throw new StartError(whyNot(error, host, port), { cause: error });
  }
}

function whyNot(error: unknown, host: string, port: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return `Port ${port} on ${host} is taken by another program. Stop it, or set STEERING_PORT to another port.`;
  if (code === 'EACCES') return `Port ${port} may not be used by this user. Set STEERING_PORT to one above 1023.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `This machine has no address ${host}. Correct STEERING_HOST.`;
  return `Can't listen on ${host}, port ${port}: ${error instanceof Error ? error.message : String(error)}.`;
}

function portOf(server: { address(): unknown }): number {
  const address = server.address();
  if (typeof address === 'object' && address !== null && 'port' in address && typeof address.port === 'number') return address.port;
  throw new Error('the server does not listen on a port');
}
