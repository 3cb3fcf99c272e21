import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import { build } from 'esbuild';
import { Log, LogLevel, Miniflare } from 'miniflare';
import { readOptions, workerBuild } from '../../embedded/build-worker.ts';
import { DESCRIPTION } from '../../shared/app-texts.ts';
import type { ProtocolRange } from '../../shared/protocol-version.ts';

/** A real edge in a real workerd, for tests: through miniflare, which can look into the objects, and evict them. */
export interface TestEdge {
  mf: Miniflare;
  /** Where workerd listens: what the agent dials. */
  origin: string;
  host: TestHostKey;
  /** The folder of what the objects store. */
  state: string;
  /** A request as the front would pass it on, byte for byte: raw path, any Host. */
  ask(path: string, options?: AskOptions): Promise<Answer>;
  frontHeaders(extra?: Record<string, string>): Record<string, string>;
  /** Forgets what the Account object keeps in tables and in memory, as a new edge: for tests that count, without a start for each. */
  forgetAccount(): Promise<void>;
  stop(): Promise<void>;
}

export interface AskOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  bytes: Buffer;
  json(): unknown;
}

export interface TestHostKey {
  id: string;
  publicKey: string;
  sign(bytes: Uint8Array): Uint8Array;
}

/** The name under which tests come in, through the front that they play. */
export const PUBLIC = 'localhost:3000';
export const PUBLIC_ORIGIN = `http://${PUBLIC}`;
const FRONT_TOKEN = 'the front of this test';

export function newHostKey(): TestHostKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(12);
  return { id: randomUUID(), publicKey: raw.toString('base64url'), sign: (bytes) => new Uint8Array(sign(null, bytes, privateKey)) };
}

/** Built once per test file and range of protocols. */
const built = new Map<string, Promise<{ script: string; options: Awaited<ReturnType<typeof readOptions>> }>>();

async function buildWorker(protocols: ProtocolRange | null) {
  const plugins = [...workerBuild.plugins, ...(protocols === null ? [] : [speaking(protocols)])];
  const [options, result] = await Promise.all([
    readOptions(),
    build({ ...workerBuild, entryPoints: { index: workerBuild.entryPoints.index }, sourcemap: false, write: false, plugins }),
  ]);
  return { options, script: result.outputFiles[0]?.text ?? '' };
}

/** The same Worker as a release of another time would be. */
function speaking({ oldest, newest }: ProtocolRange): Plugin {
  const limits = (code: string): string =>
    code.replace(/PROTOCOL_VERSION = \d+/, `PROTOCOL_VERSION = ${newest}`).replace(/OLDEST_PROTOCOL = \d+/, `OLDEST_PROTOCOL = ${oldest}`);
  return {
    name: 'protocols',
    setup: (builder) =>
      builder.onLoad({ filter: /shared\/limits\.ts$/ }, ({ path }) => ({ loader: 'ts', contents: limits(readFileSync(path, 'utf8')) })),
  };
}

/** The page's entry script in the page that a test's edge serves. */
export const PAGE_BUILD = 'app.js';
export const FRAME_SCRIPT = 'addEventListener("message", () => "…")';

/** @param bindings over those of the embedded edge. @param protocols what it speaks, if not what this build does. */
export async function startEdge(bindings: Record<string, string> = {}, protocols: ProtocolRange | null = null): Promise<TestEdge> {
  const key = JSON.stringify(protocols);
  const building = built.get(key) ?? buildWorker(protocols);
  built.set(key, building);
  const { script, options } = await building;
  const folder = mkdtempSync(join(tmpdir(), 'toru-edge-'));
  const page = join(folder, 'page');
  const state = join(folder, 'state');
  mkdirSync(join(page, 'assets'), { recursive: true });
  writeFileSync(
    join(page, 'index.html'),
    `<!doctype html><head><title>Toru</title><link rel="manifest" href="/manifest.webmanifest"><script type="module" src="/assets/${PAGE_BUILD}"></script></head>`,
  );
  writeFileSync(join(page, 'assets', PAGE_BUILD), 'console.log(1)');
  writeFileSync(join(page, 'assets', 'de-0123abcd.json'), JSON.stringify({ [DESCRIPTION]: 'Skripte von überall.' }));
  writeFileSync(join(page, 'plugin-frame.html'), `<!doctype html><title>Plugin</title><script>${FRAME_SCRIPT}</script>`);
  writeFileSync(join(page, 'sw.js'), '');
  const host = newHostKey();
  const { compatibilityDate, compatibilityFlags, durableObjects, assets } = options;
  const code = (contents: string) => [{ type: 'ESModule' as const, path: 'index.js', contents }];
  const mf = new Miniflare({
    workers: [
      {
        name: 'toru',
        modules: code(script),
        compatibilityDate,
        compatibilityFlags,
        durableObjects,
        bindings: { EMBEDDED: '1', FRONT_TOKEN, HOST_KEYS: `${host.id}:${host.publicKey}`, ...bindings },
        serviceBindings: { [assets.binding]: 'page' },
      },
      {
        name: 'page',
        modules: code('export default {};'),
        compatibilityDate,
        assets: { directory: page, assetConfig: assets.assetConfig, routerConfig: { has_user_worker: false } },
      },
    ],
    host: '127.0.0.1',
    port: 0,
    // It would ask Cloudflare who we are.
    cf: false,
    unsafeLocalExplorer: false,
    logRequests: false,
    telemetry: { enabled: false },
    log: new Log(LogLevel.ERROR),
    durableObjectsPersist: state,
    unsafeInspectDurableObjects: true,
  });
  const url = await mf.ready;
  const frontHeaders = (extra: Record<string, string> = {}): Record<string, string> => ({
    host: PUBLIC,
    'x-toru-front': FRONT_TOKEN,
    'x-toru-peer': '192.0.2.1',
    ...extra,
  });
  return {
    mf,
    origin: url.origin,
    host,
    state,
    frontHeaders,
    ask: (path, { method = 'GET', headers = {}, body } = {}) =>
      rawRequest(
        url,
        path,
        method,
        frontHeaders({ ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }),
        body,
      ),
    forgetAccount: async () => {
      const account = await mf.unsafeGetDurableObjectStorage('toru', 'Account', { name: 'account' });
      const tables = await account.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 1) <> '_'");
      for (const { name } of tables) await account.exec(`DELETE FROM ${String(name)}`);
      await mf.unsafeEvictDurableObject('toru', 'Account', { name: 'account' });
    },
    stop: async () => {
      await mf.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** `fetch` would tidy up the path and refuse the Host. */
export function rawRequest(
  url: URL,
  path: string,
  method: string,
  headers: Record<string, string>,
  body?: string | Uint8Array,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length: Record<string, string> = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const asked = request(
      { host: url.hostname, port: url.port, path, method, headers: { ...headers, ...length }, agent: false },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const bytes = Buffer.concat(parts);
          const text = bytes.toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, bytes, json: () => JSON.parse(text) });
        });
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}
