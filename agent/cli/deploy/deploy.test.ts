import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { sha256Hex } from '../../../shared/encoding.ts';
import { readCode } from '../../../shared/setup-code.ts';
import type { Io } from '../io.ts';
import { deployEdge, tryDeploy } from './deploy.ts';
import { edgeFolder } from './edge-folder.ts';
import type { Wrangler } from './wrangler.ts';
import { findWrangler, WRANGLER_VERSION } from './wrangler.ts';

/** A wrangler that keeps what it is told, and what stands "at Cloudflare", in files. */
const STAND_IN = `#!/usr/bin/env node
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require('node:fs');
const folder = __dirname + '/';
const args = process.argv.slice(2);
const state = JSON.parse(readFileSync(folder + 'state.json', 'utf8'));
const stdin = args[0] === 'secret' && args[1] === 'put' ? readFileSync(0, 'utf8') : null;
const at = args.indexOf('--config');
const config = at < 0 ? null : JSON.parse(readFileSync(args[at + 1], 'utf8'));
const worker = config === null ? null : { main: existsSync(args[at + 1].replace('wrangler.json', config.main)), page: existsSync(config.assets.directory + '/index.html') };
appendFileSync(folder + 'calls.ndjson', JSON.stringify({ args, stdin, config, worker, env: process.env }) + '\\n');
const key = args[0] === 'deploy' ? 'deploy' : args.slice(0, 2).join(' ');
const fault = state.faults[key];
if (fault !== undefined) { console.error('\\u001b[31mX [ERROR] ' + fault + '\\u001b[0m'); process.exit(1); }
if (args[0] === '--version') console.log(state.version);
if (args[0] === 'whoami') console.log(state.loggedIn ? 'You are logged in' : 'You are not authenticated. Please run wrangler login.');
if (key === 'secret list') {
  if (state.worker === null) { console.error('X [ERROR] This Worker does not exist on your account. [code: 10007]'); process.exit(1); }
  console.log(JSON.stringify(state.worker.secrets.map((name) => ({ name, type: 'secret_text' }))));
}
if (key === 'versions list') console.log(JSON.stringify(state.worker.tags.map((tag) => ({ annotations: { 'workers/tag': tag } }))));
if (key === 'deploy' && !args.includes('--dry-run')) {
  state.worker = { secrets: state.worker?.secrets ?? [], tags: [...(state.worker?.tags ?? []), 'toru'] };
  if (state.writesOutput) writeFileSync(process.env.WRANGLER_OUTPUT_FILE_PATH, JSON.stringify({ type: 'deploy', targets: [state.url] }) + '\\n');
  else console.log('Deployed toru triggers\\n  ' + state.url + '\\nSee https://developers.cloudflare.com/workers');
}
if (key === 'secret put') state.worker.secrets.push(args[2]);
writeFileSync(folder + 'state.json', JSON.stringify(state));
`;

interface State {
  version: string;
  loggedIn: boolean;
  url: string;
  writesOutput: boolean;
  worker: { secrets: string[]; tags: string[] } | null;
  faults: Record<string, string>;
}
const call = z.object({
  args: z.array(z.string()),
  stdin: z.string().nullable(),
  config: z.looseObject({ name: z.string() }).nullable(),
  worker: z.unknown(),
  env: z.record(z.string(), z.string()),
});

let folder: string;
let root: string;
let health: Server | null = null;
let printed = '';
const write = async (data: string | Uint8Array): Promise<void> => {
  printed += String(data);
};
const sink = { isTTY: false, columns: 80, write };
const io: Io = { out: sink, err: sink, input: Readable.from([]), keyboard: null, env: {}, interrupted: new AbortController().signal };

beforeEach(() => {
  printed = '';
  folder = mkdtempSync(join(tmpdir(), 'toru-deploy-test-'));
  root = join(folder, 'toru');
  mkdirSync(join(root, 'dist/worker'), { recursive: true });
  mkdirSync(join(root, 'dist/page'), { recursive: true });
  writeFileSync(join(root, 'dist/worker/index.js'), 'export default {};');
  writeFileSync(join(root, 'dist/worker/wrangler.json'), JSON.stringify({ name: 'toru', main: 'index.js', assets: { binding: 'ASSETS' } }));
  writeFileSync(join(root, 'dist/page/index.html'), '');
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/wrangler'), STAND_IN);
  chmodSync(join(folder, 'bin/wrangler'), 0o755);
  // Nobody answers there.
  set({ version: '4.155.0', loggedIn: true, url: 'http://127.0.0.1:1', writesOutput: true, worker: null, faults: {} });
});
afterEach(() => {
  health?.close();
  health = null;
  rmSync(folder, { recursive: true, force: true });
});

const stateFile = (): string => join(folder, 'bin/state.json');
const set = (state: State): void => writeFileSync(stateFile(), JSON.stringify(state));
const change = (changed: Partial<State>): void => set({ ...JSON.parse(readFileSync(stateFile(), 'utf8')), ...changed });
const calls = () => {
  const file = join(folder, 'bin/calls.ndjson');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  return lines.map((line) => call.parse(JSON.parse(line)));
};
const find = (): Promise<Wrangler> =>
  findWrangler(root, {
    PATH: join(folder, 'bin'),
    HOME: folder,
    ADMIN_PASSWORD: 'hush',
    TORU_EDGE_KEY: 'hush',
    CLOUDFLARE_API_TOKEN: 'theirs',
  });

async function deploy(options: { name?: string; newSetupCode?: boolean } = {}): Promise<string> {
  const name = options.name ?? 'toru';
  const made = edgeFolder(root, name);
  printed = '';
  try {
    await deployEdge({ wrangler: await find(), folder: made, name, newSetupCode: options.newSetupCode ?? false }, io);
  } finally {
    made.remove();
  }
  return printed;
}
const codeIn = (text: string): string | undefined => /(?:[0-9A-Z]{4}-){6}[0-9A-Z]{4}/.exec(text)?.[0];

/** An edge that answers as the deployed one would. */
async function edge(claimed: boolean): Promise<string> {
  health = createServer((_, answer) => answer.end(JSON.stringify({ ok: true, host_online: false, claimed })));
  await new Promise<void>((resolve) => health?.listen(0, '127.0.0.1', resolve));
  const address = health.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

test('the first deploy gives the edge the hash of a code alone, on no command line, and prints the code once', async () => {
  change({ url: 'https://toru.ada.workers.dev' });
  const text = await deploy();
  const code = codeIn(text) ?? '';
  const letters = readCode(code) ?? '';
  expect(letters).toHaveLength(28);
  expect(text.split(code)).toHaveLength(2);
  expect(text).toContain('Toru is at https://toru.ada.workers.dev\n');
  expect(text).toContain('toru up https://toru.ada.workers.dev\n');
  const made = calls();
  const [deployed] = made.filter(({ args }) => args[0] === 'deploy');
  expect(deployed?.config).toMatchObject({
    name: 'toru',
    main: 'index.js',
    assets: { binding: 'ASSETS', directory: join(root, 'dist/page') },
  });
  expect(deployed?.worker).toEqual({ main: true, page: true });
  expect(made.find(({ args }) => args[1] === 'put')).toMatchObject({
    args: ['secret', 'put', 'SETUP_CODE_HASH', '--config', expect.any(String)],
    stdin: await sha256Hex(letters),
  });
  const told = JSON.stringify(made.map(({ args, env, config }) => [args, env, config]));
  for (const secret of [code, letters, await sha256Hex(letters), 'hush']) expect(told).not.toContain(secret);
  expect(told).toContain('theirs');
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('toru-deploy-') && !name.startsWith('toru-deploy-test-'))).toEqual([]);
});

test('a second deploy makes no code, sets no secret, and says what is known of the host', async () => {
  expect(codeIn(await deploy())).toBeDefined();
  for (const [claimed, says] of [
    [null, '--new-setup-code'],
    [false, '--new-setup-code'],
    [true, 'Another host joins'],
  ] as const) {
    if (claimed !== null) change({ url: await edge(claimed) });
    const before = calls().length;
    const text = await deploy();
    expect(codeIn(text)).toBeUndefined();
    expect(text).toContain(says);
    expect(
      calls()
        .slice(before)
        .filter(({ args }) => args[1] === 'put'),
    ).toEqual([]);
    health?.close();
  }
});

test('a lost code is replaced while there is no host, and not after', async () => {
  const first = codeIn(await deploy());
  change({ url: await edge(false) });
  const second = codeIn(await deploy({ newSetupCode: true }));
  expect(second).toBeDefined();
  expect(second).not.toBe(first);
  health?.close();
  change({ url: await edge(true) });
  await expect(deploy({ newSetupCode: true })).rejects.toThrow('has its first host');
});

test('one whose secret could not be set says so, and gets its code at the next', async () => {
  change({ faults: { 'secret put': 'something broke' } });
  await expect(deploy()).rejects.toThrow(/no setup code yet.*something broke.*toru deploy --name toru/);
  expect(codeIn(printed)).toBeUndefined();
  change({ faults: {} });
  expect(codeIn(await deploy())).toBeDefined();
});

test('an edge of HOST_KEYS gets none', async () => {
  change({ worker: { secrets: ['HOST_KEYS'], tags: [] } });
  const text = await deploy();
  expect(codeIn(text)).toBeUndefined();
  expect(text).toContain('HOST_KEYS');
});

test('the address is read from what it prints, where it writes no file', async () => {
  change({ writesOutput: false, url: 'https://toru.ada.workers.dev' });
  expect(await deploy()).toContain('Toru is at https://toru.ada.workers.dev\n');
});

test('another name is another Worker', async () => {
  await deploy({ name: 'toru-staging' });
  expect(new Set(calls().flatMap(({ config }) => config?.name ?? []))).toEqual(new Set(['toru-staging']));
});

test('a name that somebody else’s Worker has is left alone', async () => {
  change({ worker: { secrets: ['DATABASE_URL'], tags: ['v7'] } });
  await expect(deploy()).rejects.toThrow(/a Worker “toru” already.*--name/);
  expect(calls().some(({ args }) => args[0] === 'deploy')).toBe(false);
});

test('a dry run deploys nothing and makes no code', async () => {
  const made = edgeFolder(root, 'toru');
  await tryDeploy(await find(), made, 'toru', io);
  made.remove();
  expect(calls().map(({ args }) => args.filter((arg) => !arg.startsWith('/')))).toEqual([
    ['--version'],
    ['deploy', '--config', '--dry-run', '--outdir'],
  ]);
  expect(codeIn(printed)).toBeUndefined();
  expect(printed).toContain('Nothing was sent');
});

test.each<[string, Partial<State>, RegExp]>([
  ['not logged in', { loggedIn: false }, /not logged in at Cloudflare\. Type: .*wrangler login.*CLOUDFLARE_API_TOKEN/],
  ['a token that is none', { faults: { 'secret list': 'Authentication error [code: 10000]' } }, /not logged in at Cloudflare/],
  ['no network', { faults: { whoami: 'Unable to resolve Cloudflare’s API hostname (api.cloudflare.com)' } }, /can’t be reached from here/],
  ['no network in the middle', { faults: { deploy: 'fetch failed' } }, /can’t be reached from here/],
  ['an old wrangler', { version: '3.114.2' }, /version 3\.114\.2, too old .*npm install --global wrangler@4/],
  ['several accounts', { faults: { 'secret list': 'More than one account available but unable to select one' } }, /CLOUDFLARE_ACCOUNT_ID/],
  [
    'no workers.dev',
    { faults: { deploy: 'You can either deploy your worker to one or more routes, or register a workers.dev subdomain here:' } },
    /no workers\.dev name yet/,
  ],
  ['anything else', { faults: { deploy: 'The sky fell. [code: 10021]' } }, /deploy failed: .*The sky fell\. \[code: 10021\]/],
])('%s: one sentence and the next step', async (_what, changed, says) => {
  change(changed);
  const error = await deploy().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'StartError', message: expect.stringMatching(says) });
  expect(String(error)).not.toContain('\n');
  expect(codeIn(printed)).toBeUndefined();
});

test('without a wrangler, npx is asked for the pinned one', async () => {
  const bin = join(folder, 'only-npx');
  mkdirSync(bin);
  writeFileSync(join(bin, 'npx'), `#!/bin/sh\necho "$@" >>"${folder}/npx"\necho 4.155.0\n`);
  chmodSync(join(bin, 'npx'), 0o755);
  const { typed } = await findWrangler(root, { PATH: bin });
  expect(typed).toBe(`npx wrangler@${WRANGLER_VERSION}`);
  expect(readFileSync(join(folder, 'npx'), 'utf8')).toBe(`--yes wrangler@${WRANGLER_VERSION} --version\n`);
  writeFileSync(join(bin, 'npx'), '#!/bin/sh\necho npm error network >&2; exit 1\n');
  await expect(findWrangler(root, { PATH: bin })).rejects.toThrow(/could not fetch wrangler .*Is this machine online/);
  await expect(findWrangler(root, { PATH: join(folder, 'nothing') })).rejects.toThrow('nor npx is on PATH');
});

test('the pinned wrangler is the one that this was tried with', () => {
  const manifest = z.object({ version: z.string() });
  expect(manifest.parse(JSON.parse(readFileSync('node_modules/wrangler/package.json', 'utf8'))).version).toBe(WRANGLER_VERSION);
});
