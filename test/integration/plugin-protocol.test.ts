import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { readMessage } from '../../agent/plugins/protocol/plugin-messages.ts';
import { MESSAGES, readFromPlugin, readToPlugin } from '../../plugin-sdk/src/messages.ts';
import { BODY_WINDOW, MAX_BODY_CHUNK, MAX_INLINE_BODY, MAX_MESSAGE_BYTES } from '../../plugin-sdk/src/protocol.ts';
import { startPlugin } from '../../plugin-sdk/src/testing.ts';
import { PLUGIN_KV_MAX_KEY, PLUGIN_KV_MAX_VALUE, PLUGIN_KV_QUOTA, PLUGIN_MAX_EVENT, pluginManifest } from '../../shared/plugins.ts';
import { root } from '../../tools/root.ts';

/** docs/plugin-protocol.md, held against what is really spoken. */

const doc = readFileSync(join(root, 'docs/plugin-protocol.md'), 'utf8');

/** The lines of all fenced blocks with this info string. */
function linesOf(info: string, from = doc): string[] {
  return [...from.matchAll(/^```([^\n]*)\n([\s\S]*?)^```/gm)]
    .filter(([, each]) => each === info)
    .flatMap(([, , text = '']) => text.trim().split('\n'));
}

const envelope = z.object({ type: z.string(), request_id: z.string(), payload: z.record(z.string(), z.unknown()) });

/** Without what differs every time. */
function essence(line: string): unknown {
  return envelope.parse(JSON.parse(line));
}

const session = linesOf('transcript').map((line) => ({
  fromPlugin: line.startsWith('←'),
  line: line.slice(2).replace('"timestamp":"…"', '"timestamp":"2026-11-21T12:00:00.000Z"'),
}));
const toPlugin = [...linesOf('json to plugin'), ...session.filter((each) => !each.fromPlugin).map(({ line }) => line)];
const fromPlugin = [...linesOf('json from plugin'), ...session.filter((each) => each.fromPlugin).map(({ line }) => line)];

describe('the examples', () => {
  it.each(fromPlugin)('are what the agent and the SDK take: %s', (line) => {
    expect(readMessage(Buffer.from(line))).toMatchObject({ kind: 'message' });
    expect(readFromPlugin(line)).toEqual(JSON.parse(line));
  });

  it.each(toPlugin)('are what the SDK takes: %s', (line) => {
    expect(readToPlugin(line)).toEqual(JSON.parse(line));
  });

  it('show every message that there is', () => {
    const shown = (lines: string[]): string[] =>
      lines.map((line) => envelope.parse(JSON.parse(line))).map(({ type, payload }) => `${type} ${payload['action']}`);
    expect(MESSAGES.fromPlugin.filter((message) => !shown(fromPlugin).includes(message))).toEqual([]);
    expect(MESSAGES.toPlugin.filter((message) => !shown(toPlugin).includes(message))).toEqual([]);
  });

  it('state the numbers that hold', () => {
    for (const bytes of [
      MAX_MESSAGE_BYTES,
      MAX_INLINE_BODY,
      MAX_BODY_CHUNK,
      BODY_WINDOW,
      PLUGIN_KV_MAX_KEY,
      PLUGIN_KV_MAX_VALUE,
      PLUGIN_KV_QUOTA,
      PLUGIN_MAX_EVENT,
    ]) {
      expect(doc).toContain(bytes.toLocaleString('en'));
    }
  });
});

describe('the manifests', () => {
  it.each(['plugin-protocol', 'plugins'])('of %s.md is one', (page) => {
    const text = linesOf('json manifest', readFileSync(join(root, `docs/${page}.md`), 'utf8')).join('\n');
    expect(pluginManifest.safeParse(JSON.parse(text)).error).toBeUndefined();
  });
});

describe('the plugin in it', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'toru-doc-'));
    writeFileSync(join(folder, 'plugin.py'), `${linesOf('python').join('\n')}\n`, { mode: 0o755 });
    writeFileSync(join(folder, 'plugin.json'), linesOf('json manifest').join('\n'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('says exactly what stands in the session', async () => {
    expect(await play(folder, session)).toBe(0);
  });

  it('finishes what is under way when it is told to end', async () => {
    const asked = session.findIndex(({ line }) => line.includes('"get-h1"')) + 1;
    const answered = session.findIndex(({ line }) => line.includes('"request_id":"ping-1"'));
    expect(await play(folder, [...session.slice(0, asked), ...session.slice(-1), ...session.slice(asked, answered)])).toBe(0);
  });

  it('exits at the end of standard input: the agent is gone', async () => {
    expect(await play(folder, session.slice(0, 3), (child) => child.stdin?.end())).toBe(0);
  });

  it('works under the mock host of the SDK', async () => {
    const plugin = await startPlugin(folder);
    const visits = await Promise.all([1, 2, 3].map(async () => (await plugin.fetch('/visits', { method: 'POST' })).json()));
    expect(visits).toEqual(expect.arrayContaining([{ visits: 1 }, { visits: 2 }, { visits: 3 }]));
    expect(plugin.events.map(({ data }) => data)).toEqual([1, 2, 3]);
    expect(await plugin.stop()).toBe(0);
  });
});

/** Says the lines that are the agent's, and expects the others. @returns the code with which the plugin ends after `end`. */
async function play(folder: string, lines: typeof session, end: (child: ChildProcess) => void = () => undefined): Promise<unknown> {
  const { child, socket } = await start(folder);
  const closed = once(child, 'close');
  const said = createInterface({ input: socket })[Symbol.asyncIterator]();
  try {
    for (const { fromPlugin: expected, line } of lines) {
      if (!expected) socket.write(`${line}\n`);
      else expect(essence((await said.next()).value ?? '{}')).toEqual(essence(line));
    }
    end(child);
    const [code] = await closed;
    return code;
  } finally {
    child.kill('SIGKILL');
    socket.destroy();
  }
}

/** As the document says that it is started. */
async function start(folder: string): Promise<{ child: ChildProcess; socket: Socket }> {
  const path = join(folder, 's.sock');
  const server = createServer().listen(path);
  await once(server, 'listening');
  const connected = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const child = spawn(join(folder, 'plugin.py'), { cwd: folder, stdio: ['pipe', 'inherit', 'inherit'] });
  const launch = z.object({ plugin: z.string(), socket: z.string(), token: z.string() }).parse(JSON.parse(linesOf('json')[0] ?? ''));
  child.stdin.write(`${JSON.stringify({ ...launch, socket: path })}\n`);
  const socket = await connected;
  server.close();
  return { child, socket };
}
