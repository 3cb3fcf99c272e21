import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { readOptions, workerBuild } from '../../embedded/build.ts';
import { edgeOptions } from '../../embedded/edge-options.ts';

/** A real edge in a real workerd, for tests. */
export interface TestEdge {
  mf: Miniflare;
  /** Where workerd listens: what the agent dials. */
  origin: string;
  host: TestHostKey;
  /** A request as the front would pass it on, byte for byte: raw path, any Host. */
  ask(path: string, options?: AskOptions): Promise<Answer>;
  frontHeaders(extra?: Record<string, string>): Record<string, string>;
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

/** Built once per test file. */
let built: Promise<{ script: string; options: Awaited<ReturnType<typeof readOptions>> }> | undefined;

async function buildWorker() {
  const [options, result] = await Promise.all([readOptions(), build({ ...workerBuild, sourcemap: false, write: false })]);
  return { options, script: result.outputFiles[0]?.text ?? '' };
}

/** @param bindings over those of the embedded edge. */
export async function startEdge(bindings: Record<string, string> = {}): Promise<TestEdge> {
  built ??= buildWorker();
  const { script, options } = await built;
  const folder = mkdtempSync(join(tmpdir(), 'toru-edge-'));
  const page = join(folder, 'page');
  mkdirSync(join(page, 'assets'), { recursive: true });
  writeFileSync(join(page, 'index.html'), '<!doctype html><title>Toru</title>');
  writeFileSync(join(page, 'assets/app.js'), 'console.log(1)');
  const host = newHostKey();
  const mf = new Miniflare(
    edgeOptions(options, {
      script,
      page,
      port: 0,
      persist: join(folder, 'state'),
      bindings: { EMBEDDED: '1', FRONT_TOKEN, HOST_KEYS: `${host.id}:${host.publicKey}`, ...bindings },
    }),
  );
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
    frontHeaders,
    ask: (path, { method = 'GET', headers = {}, body } = {}) =>
      rawRequest(
        url,
        path,
        method,
        frontHeaders({ ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }),
        body,
      ),
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
