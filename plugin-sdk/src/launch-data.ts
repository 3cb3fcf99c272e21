import type { Readable } from 'node:stream';
import { isObject } from './messages.ts';
import type { Launch } from './protocol.ts';

/** More than this is no launch line. */
const MAX_LAUNCH = 64 * 1024;

/**
 * Reads the line that Toru starts a plugin with. The input stays open behind it.
 * @param gone is called at its end: then the agent is gone.
 * @throws Error in words for whoever started it by hand.
 */
export function readLaunch(input: Readable, gone: () => void): Promise<Launch> {
  return new Promise((resolve, reject) => {
    let text = '';
    let launched = false;
    const byHand = new Error('This is a plugin of Toru, which starts it and tells it where to connect. Try it by hand: toru plugin dev');
    input.setEncoding('utf8');
    input.on('data', (chunk: string) => {
      if (launched) return;
      text += chunk;
      const end = text.indexOf('\n');
      if (end === -1 && text.length <= MAX_LAUNCH) return;
      launched = true;
      const launch = launchOf(text.slice(0, Math.max(end, 0)));
      if (launch === null) reject(byHand);
      else resolve(launch);
    });
    input.on('end', () => (launched ? gone() : reject(byHand)));
    input.on('error', () => (launched ? gone() : reject(byHand)));
  });
}

function launchOf(line: string): Launch | null {
  try {
    const value: unknown = JSON.parse(line);
    if (!isObject(value)) return null;
    const { plugin, socket, token } = value;
    return typeof plugin === 'string' && typeof socket === 'string' && typeof token === 'string' ? { plugin, socket, token } : null;
  } catch {
    return null;
  }
}
