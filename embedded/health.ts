import type { RequestOptions } from 'node:http';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';

/**
 * Asks the edge how it is. Not by `fetch`: what Node loads for it takes this process 10 MB.
 * @param to where the edge is: a port or a Unix socket.
 * @returns the text of its answer. @throws when there is none.
 */
export function askHealth(to: Pick<RequestOptions, 'host' | 'port' | 'socketPath' | 'signal'>): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ ...to, path: '/api/health', agent: false }, (answer) => void text(answer).then(resolve, reject)).on('error', reject);
  });
}
