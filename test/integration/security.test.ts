import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listeningPorts } from '../harness/ports.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';

/** Attacks on a whole Toru, as it is started at home. What one part alone can show is tested beside that part. */

const PASSWORD = 'a password that nobody else has';

let toru: Toru;

beforeAll(async () => {
  toru = await startToru({ env: { ADMIN_USERNAME: 'owner', ADMIN_PASSWORD: PASSWORD, LOG_LEVEL: 'debug' } });
});

afterAll(async () => {
  await toru?.[Symbol.asyncDispose]();
});

/** What came back, as text; null when the connection was dropped. A path goes out as it is written here. */
function ask(port: number, path: string, method = 'GET', headers: Record<string, string> = {}): Promise<string | null> {
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
      let text = `${answer.statusCode} `;
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () => resolve(text));
    });
    asked.on('upgrade', (answer, socket) => {
      socket.destroy();
      resolve(`${answer.statusCode}`);
    });
    asked.on('error', () => resolve(null));
    asked.end(method === 'POST' ? 'owned' : undefined);
  });
}

test.runIf(process.platform === 'linux')('no port but the front’s does anything for another user of the machine', async () => {
  const front = Number(new URL(toru.url).port);
  const inner = listeningPorts(toru.pid).filter((port) => port !== front);
  // workerd's own, and the one that miniflare opens for developers.
  expect(inner.length).toBe(2);
  const folder = mkdtempSync(join(tmpdir(), 'toru-security-'));
  const extension = encodeURIComponent(`x/../../../..${folder}/written`);
  for (const port of inner) {
    for (const headers of [{}, { upgrade: 'websocket', connection: 'upgrade' }]) {
      for (const path of [`/core/store-temp-file?extension=${extension}`, '/core/do-storage/toru-Account', '/browser/sessionIds']) {
        for (const method of ['GET', 'POST'])
          expect([null, '403']).toContain((await ask(port, path, method, headers))?.slice(0, 3) ?? null);
      }
    }
    expect((await ask(port, '/api/health'))?.slice(0, 3) ?? '403').toBe('403');
    expect((await ask(port, '/cdn-cgi/platform-proxy', 'GET', { 'mf-op': 'GET' }))?.slice(0, 3) ?? '400').toMatch(/^40[01]$/);
  }
  expect(existsSync(join(folder, 'written'))).toBe(false);
  rmSync(folder, { recursive: true });
});
