import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from './client.ts';
import { eventually } from './eventually.ts';
import { startToru, type Toru } from './toru.ts';

/** What the pages' speed is measured on: a home with 62 actions in groups, each with its sign, a third of them run, and one run to look at. */
export const ACTIONS = 62;
const SIGNS = ['play', 'archive', 'flame', 'router', 'rocket', 'door-open', 'power', 'broom', 'moon', 'database', 'lightbulb', 'wifi'];
const COLORS = ['blue', 'orange', 'red', 'violet', 'green', 'teal', 'slate', 'amber'];
const GROUPS = ['', 'House', 'Network', 'Media', 'Backups'];
const WORDS = ['Back up', 'Restart', 'Check', 'Wake', 'Deploy', 'Clean', 'Update', 'Open'];
const THINGS = ['the photos', 'the router', 'heating', 'the server', 'the site', 'old files', 'the garage door', 'evening lights'];
const SCRIPT = '#!/bin/sh\nfor n in 1 2 3 4 5 6 7 8 9 10; do echo "line $n of what it has to say"; done\n';

export interface PageStage extends AsyncDisposable {
  readonly toru: Toru;
  /** The admin, logged in. */
  readonly client: Client;
  /** The id of a run that succeeded. */
  readonly runId: string;
}

/** @param count of actions. */
export async function stagePages(count = ACTIONS): Promise<PageStage> {
  const toru = await startToru();
  try {
    const client = await Client.of(toru);
    for (const { id } of (await client.http('GET', '/api/actions')).json().items) await client.http('DELETE', `/api/actions/${id}`);
    writeFileSync(join(toru.home, 'scripts', 'say.sh'), SCRIPT, { mode: 0o755 });
    let runId = '';
    for (let i = 0; i < count; i += 1) {
      const made = await client.http('POST', '/api/actions', {
        label: `${nth(WORDS, i)} ${nth(THINGS, Math.floor(i / WORDS.length))}`,
        description: i % 3 === 0 ? 'Tells what it did, line by line' : '',
        icon: nth(SIGNS, i),
        color: nth(COLORS, i),
        group: nth(GROUPS, i),
        script: 'say.sh',
      });
      if (made.status !== 201) throw new Error(made.text);
      if (i % 3 === 0) runId = await run(client, made.json().id);
    }
    await eventually('the run has ended', async () => (await client.http('GET', `/api/runs/${runId}`)).json().state, {
      holds: (state) => state === 'exited',
    });
    return {
      toru,
      client,
      runId,
      [Symbol.asyncDispose]: async () => {
        client.close();
        await toru[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await toru[Symbol.asyncDispose]();
    throw error;
  }
}

async function run(client: Client, action: string): Promise<string> {
  const started = await client.http('POST', '/api/runs', { action });
  if (started.status >= 300) throw new Error(started.text);
  return started.json().task_id;
}

function nth(of: readonly string[], i: number): string {
  return of[i % of.length] ?? '';
}
