import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { sha256Hex } from '../../../shared/encoding.ts';
import { parseJsonOrNull } from '../../../shared/json.ts';
import { newCode, readCode } from '../../../shared/setup-code.ts';
import { VERSION } from '../../../shared/version.ts';
import { StartError } from '../../start-error.ts';
import type { Io } from '../io.ts';
import { note, print } from '../io.ts';
import type { EdgeFolder } from './edge-folder.ts';
import type { Wrangler } from './wrangler.ts';
import { lastLines } from './wrangler.ts';

/** The edge's secrets that let a host in (worker/env.ts). */
const CODE_SECRET = 'SETUP_CODE_HASH';
const KEYS_SECRET = 'HOST_KEYS';
/** What every version of ours is tagged with at Cloudflare. */
const TAG = 'toru';
/** An address that was made a moment ago may not be known everywhere yet. */
const HEALTH_MS = 10_000;

export interface Deployment {
  wrangler: Wrangler;
  folder: EdgeFolder;
  /** The Worker's name. */
  name: string;
  /** Make another setup code, for one that was lost before the first host came. */
  newSetupCode: boolean;
}

/** What stands under that name at Cloudflare. */
type Found = { kind: 'nothing' } | { kind: 'toru'; secrets: readonly string[] };

/**
 * Deploys the built Worker, and gives a fresh one a setup code. What is there keeps its secrets and objects.
 * @throws StartError, with the next step.
 */
export async function deployEdge({ wrangler, folder, name, newSetupCode }: Deployment, io: Io): Promise<void> {
  await logIn(wrangler, io);
  const found = await findWorker(wrangler, folder, name);
  await note(io, `deploying Toru ${VERSION} as the Worker “${name}” …`);
  const args = ['deploy', '--config', folder.config, '--tag', TAG, '--message', `Toru ${VERSION}`];
  const deployed = await wrangler.run(args, { env: { WRANGLER_OUTPUT_FILE_PATH: folder.output } });
  if (deployed.code !== 0) throw failed(wrangler, 'deploy', deployed.all);
  const url = urlOf(folder.output, deployed.out);
  const secrets = found.kind === 'nothing' ? [] : found.secrets;
  const claimed = found.kind === 'nothing' || url === null ? null : await isClaimed(url);
  const code = await setupCode({ wrangler, folder, name, secrets, claimed, newSetupCode });
  await print(io, `Toru is at ${url ?? 'the address that Cloudflare’s dashboard shows for it'}`);
  const host = url ?? 'ADDRESS';
  if (code !== null) {
    await print(io, `Setup code  ${code}   (shown this once; with it, one host claims this edge)`);
    await print(io, `\nOn the machine whose scripts it shall run, with Toru installed there, type:\n  toru up ${host}`);
  } else if (claimed === true)
    await print(io, `Its hosts, sessions and settings are as they were. Another host joins with:\n  toru up ${host}`);
  else if (secrets.includes(KEYS_SECRET)) await print(io, `Its hosts are those of its secret ${KEYS_SECRET}, as before.`);
  else
    await print(
      io,
      `Its setup code is the one that the first deploy printed (lost: toru deploy --name ${name} --new-setup-code).\n` +
        `Unless a host has claimed it already, type on the machine whose scripts it shall run:\n  toru up ${host}`,
    );
}

/** What would be done, by wrangler's own dry run. @throws StartError */
export async function tryDeploy(wrangler: Wrangler, folder: EdgeFolder, name: string, io: Io): Promise<void> {
  const tried = await wrangler.run(['deploy', '--config', folder.config, '--dry-run', '--outdir', `${folder.output}.dry`]);
  if (tried.code !== 0) throw failed(wrangler, 'deploy --dry-run', tried.all);
  await print(io, tried.out.trim());
  await print(
    io,
    `\nNothing was sent. Without --dry-run: the Worker “${name}” is deployed by ${wrangler.typed}; if it is new there, a setup code is made, its\n` +
      `SHA-256 given to the edge as the secret ${CODE_SECRET}, and address and code printed. What is there keeps its secrets and objects.`,
  );
}

async function logIn(wrangler: Wrangler, io: Io): Promise<void> {
  const result = await wrangler.run(['whoami']);
  if (result.code === 0 && !/not authenticated|not logged in/i.test(result.all)) return;
  if (result.code !== 0 && !/not authenticated|not logged in|CLOUDFLARE_API_TOKEN/i.test(result.all))
    throw failed(wrangler, 'whoami', result.all);
  if (io.keyboard !== null && io.out.isTTY && wrangler.atTerminal(['login'])) return;
  throw notLoggedIn(wrangler);
}

/** @throws StartError when it is somebody else's Worker: it would be replaced. */
async function findWorker(wrangler: Wrangler, folder: EdgeFolder, name: string): Promise<Found> {
  const listed = await wrangler.run(['secret', 'list', '--config', folder.config, '--format', 'json']);
  if (listed.code !== 0) {
    if (/10007|not found|does(?: not|n['’]t) exist/i.test(listed.all)) return { kind: 'nothing' };
    throw failed(wrangler, 'secret list', listed.all);
  }
  const secrets = (secretList.safeParse(parseJsonOrNull(listed.out)).data ?? []).map((secret) => secret.name);
  if (secrets.includes(CODE_SECRET) || secrets.includes(KEYS_SECRET)) return { kind: 'toru', secrets };
  const versions = await wrangler.run(['versions', 'list', '--config', folder.config, '--json']);
  const tagged = versionList.safeParse(parseJsonOrNull(versions.out)).data ?? [];
  // A deploy that was cut off before it had its secret left a version of ours.
  if (tagged.length === 0 || tagged.some(({ annotations }) => annotations?.['workers/tag'] === TAG)) return { kind: 'toru', secrets };
  throw new StartError(
    `Your account has a Worker “${name}” already, and it is not Toru’s. Choose another name: toru deploy --name my-toru` +
      ` (is it a Toru deployed by hand, with neither ${KEYS_SECRET} nor a setup code? Give it one, then again: ${wrangler.typed} secret put ${KEYS_SECRET} --name ${name})`,
  );
}

const secretList = z.array(z.looseObject({ name: z.string() }));
const versionList = z.array(z.looseObject({ annotations: z.record(z.string(), z.unknown()).optional() }));

/** A new code where one is due, its hash given to the edge. Null where the edge has its host, or its code. @throws StartError */
async function setupCode(from: {
  wrangler: Wrangler;
  folder: EdgeFolder;
  name: string;
  secrets: readonly string[];
  /** Null: nobody knows. */
  claimed: boolean | null;
  newSetupCode: boolean;
}): Promise<string | null> {
  const { wrangler, folder, name, secrets, claimed, newSetupCode } = from;
  if (newSetupCode && (claimed === true || secrets.includes(KEYS_SECRET)))
    throw new StartError('It is deployed, and has its first host: a setup code would let nobody in. Another host joins with: toru up');
  if (claimed === true || (!newSetupCode && (secrets.includes(CODE_SECRET) || secrets.includes(KEYS_SECRET)))) return null;
  const code = newCode();
  const put = await wrangler.run(['secret', 'put', CODE_SECRET, '--config', folder.config], {
    input: await sha256Hex(readCode(code) ?? ''),
  });
  if (put.code === 0) return code;
  throw new StartError(
    `The edge is deployed and has no setup code yet. ${failed(wrangler, 'secret put', put.all).message} Then again: toru deploy --name ${name}`,
  );
}

/** Has the edge its first host? Null when it does not answer. */
async function isClaimed(url: string): Promise<boolean | null> {
  try {
    const answer = await fetch(new URL('/api/health', url), { signal: AbortSignal.timeout(HEALTH_MS) });
    return health.parse(await answer.json()).claimed;
  } catch {
    // Not known there yet, not reachable from here, or an older edge.
    return null;
  }
}

const health = z.looseObject({ claimed: z.boolean() });

/** The first address that wrangler names, in its file or in what it prints. */
function urlOf(output: string, printed: string): string | null {
  const lines = existsSync(output) ? readFileSync(output, 'utf8').split('\n') : [];
  const targets = lines.flatMap((line) => outputLine.safeParse(parseJsonOrNull(line)).data?.targets ?? []);
  const named = [...targets, ...(printed.match(/https?:\/\/[^\s"'<>]+/g) ?? []).filter((url) => !/\bcloudflare\.com\b/.test(url))];
  const [url] = named.filter((target) => /^https?:\/\//.test(target));
  return url === undefined ? null : new URL(url).origin;
}

const outputLine = z.looseObject({ type: z.literal('deploy'), targets: z.array(z.string()).nullish() });

function notLoggedIn(wrangler: Wrangler): StartError {
  return new StartError(
    `You are not logged in at Cloudflare. Type: ${wrangler.typed} login. Without a browser: set CLOUDFLARE_API_TOKEN (https://dash.cloudflare.com/profile/api-tokens, template “Edit Cloudflare Workers”)`,
  );
}

/** What wrangler printed, as one sentence and the next step. */
function failed(wrangler: Wrangler, what: string, output: string): StartError {
  if (/unable to resolve|fetch failed|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|network connectivity/i.test(output))
    return new StartError('Cloudflare can’t be reached from here. Is this machine online? Behind a proxy, set https_proxy. Then again.');
  if (/more than one account|mandatory to specify an account/i.test(output))
    return new StartError(
      `You have several accounts at Cloudflare. Set CLOUDFLARE_ACCOUNT_ID to one of them (${wrangler.typed} whoami shows them).`,
    );
  if (/not authenticated|not logged in|CLOUDFLARE_API_TOKEN|authentication error|invalid access token|code: 10000|code: 9109/i.test(output))
    return notLoggedIn(wrangler);
  if (/workers\.dev subdomain/i.test(output))
    return new StartError(
      'Your account has no workers.dev name yet. Open https://dash.cloudflare.com, Workers & Pages, choose one, then again.',
    );
  return new StartError(`${wrangler.typed} ${what} failed: ${lastLines(output)}`);
}
