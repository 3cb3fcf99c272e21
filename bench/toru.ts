import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '../test/harness/client.ts';
import { eventually } from '../test/harness/eventually.ts';
import type { Toru } from '../test/harness/toru.ts';
import { startToru } from '../test/harness/toru.ts';
import { closeWhenLate, stage } from './deadline.ts';

/** A Toru as `npm start` starts it, with a fresh home, and its admin logged in. */
export interface BenchedToru extends AsyncDisposable {
  toru: Toru;
  admin: Client;
  /** Where its browser socket is, with what a handshake needs. */
  socket: { url: string; headers: Record<string, string> };
  /** Puts a script into scripts_dir. @returns its absolute path. */
  script(name: string, text: string): string;
  /** Starts a script that nobody watches. @returns its task id. */
  start(script: string, args?: string[]): Promise<string>;
  /** When that run has ended. */
  ended(task: string): Promise<void>;
}

const RUN_MS = 120_000;

/** @param env of the whole of Toru. */
export async function openToru(env: Record<string, string> = {}): Promise<BenchedToru> {
  stage('Toru starts');
  const toru = await startToru({ env: { NODE_ENV: 'production', ...env } });
  const kept = closeWhenLate(() => toru.stop());
  const admin = await Client.of(toru);
  // Logs of any size are measured, so none is cut.
  await admin.http('PUT', '/api/settings', { output_limit_mb: 0 });
  return {
    toru,
    admin,
    socket: { url: `${toru.url.replace('http', 'ws')}/api/ws`, headers: { origin: toru.url, cookie: admin.cookieHeader() } },
    script(name, text) {
      const file = join(toru.home, 'scripts', name);
      writeFileSync(file, text);
      chmodSync(file, 0o755);
      return file;
    },
    async start(script, args = []) {
      const answer = await admin.http('POST', '/api/runs', { script, args });
      if (answer.status !== 202) throw new Error(`POST /api/runs answered ${answer.status}: ${answer.text}`);
      return answer.json().task_id;
    },
    async ended(task) {
      const state = async (): Promise<string> => (await admin.http('GET', `/api/runs/${task}`)).json().state;
      await eventually('the run ends', async () => await state(), { holds: (seen) => seen === 'exited', limitMs: RUN_MS });
    },
    async [Symbol.asyncDispose]() {
      kept();
      admin.close();
      await toru[Symbol.asyncDispose]();
    },
  };
}

/** Prints so many MiB (and a little more) of lines of 66 bytes, each another, at full speed. */
export const PRINT_MIB = `#!/bin/sh
exec awk -v mib="$1" 'BEGIN { n = mib * 16384; for (i = 0; i < n; i++) printf "%08d the quick brown fox jumps over the lazy dog 0123456789ab\\n", i }'
`;
