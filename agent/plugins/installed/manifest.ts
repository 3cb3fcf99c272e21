import { spawn } from 'node:child_process';
import { PROTOCOL_RANGE } from '../../../plugin-sdk/src/protocol.ts';
import { ToruError, toToruError } from '../../../shared/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import type { PluginManifest } from '../../../shared/plugins.ts';
import { pluginManifest } from '../../../shared/plugins.ts';
import { spawned } from '../../process/spawn.ts';
import { loginPath } from '../../system/login-environment.ts';
import '../../../shared/schema-words.ts';

/** Of a manifest. */
export const MAX_MANIFEST_BYTES = 256 * 1024;

/**
 * What a plugin says about itself, checked.
 * @param from where it stands, for the error. @param id the name of its folder or file, which must be its own.
 * @throws ToruError plugin_invalid naming the field.
 */
export function readManifest(text: string, from: string, id: string): PluginManifest {
  const read = pluginManifest.safeParse(jsonOf(text, from));
  if (!read.success) {
    const problems = read.error.issues
      .slice(0, 3)
      .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`));
    throw new ToruError('plugin_invalid', `${from}: ${problems.join('; ')}`);
  }
  const manifest = read.data;
  if (manifest.id !== id)
    throw new ToruError('plugin_invalid', `${from}: its id is “${manifest.id}”, and its folder or file “${id}”. Give both the same name.`);
  const names = manifest.settings.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new ToruError('plugin_invalid', `${from}: the setting “${twice}” stands there twice.`);
  const { min, max } = manifest.protocol;
  if (min > PROTOCOL_RANGE.max || max < PROTOCOL_RANGE.min) {
    const ours = `${PROTOCOL_RANGE.min} to ${PROTOCOL_RANGE.max}`;
    throw new ToruError('plugin_invalid', `${from}: it speaks protocol ${min} to ${max}, this Toru ${ours}. Install versions that fit.`);
  }
  return manifest;
}

/** With the place of the fault, which is its author's to find. */
function jsonOf(text: string, from: string): unknown {
  try {
    return parseJson(text, from);
  } catch (error) {
    const { message, cause } = toToruError(error);
    throw new ToruError('plugin_invalid', cause instanceof Error ? `${message.replace(/\.$/, '')}: ${cause.message}` : message);
  }
}

/** How an executable is asked. */
export interface Asking {
  /** PATH: where programs are. */
  path: string | undefined;
  timeoutMs: number;
  /** Aborts when nobody needs to know any more. */
  signal: AbortSignal;
}

/**
 * Asks an executable for its manifest: `<file> --metadata`, with nothing but PATH.
 * @returns what it printed. @throws ToruError plugin_invalid: it failed, printed too much, or took too long.
 */
export async function askMetadata(file: string, cwd: string, { path, timeoutMs, signal }: Asking): Promise<string> {
  const child = spawn(file, ['--metadata'], {
    cwd,
    env: { PATH: loginPath(path), PYTHONDONTWRITEBYTECODE: '1' },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await spawned(child).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new ToruError('plugin_invalid', `--metadata could not be started: ${why}.`, { cause: error });
  });
  child.on('error', () => undefined);
  const chunks: Buffer[] = [];
  let bytes = 0;
  let printed = '';
  child.stderr.on('data', (chunk: Buffer) => {
    if (printed.length < 200) printed += chunk.toString('utf8').slice(0, 200);
  });
  let timer: NodeJS.Timeout | undefined;
  let leave = (): void => undefined;
  try {
    const problem = await new Promise<string | null>((resolve) => {
      timer = setTimeout(() => resolve(`did not end within ${timeoutMs} ms`), timeoutMs);
      leave = () => resolve('was not waited for');
      signal.addEventListener('abort', leave);
      child.stdout.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_MANIFEST_BYTES) resolve(`printed more than ${MAX_MANIFEST_BYTES / 1024} KiB`);
        else chunks.push(chunk);
      });
      child.once('close', (code, killedBy) =>
        resolve(code === 0 ? null : `ended with ${killedBy ?? `code ${code}`}${printed === '' ? '' : `: ${printed.trim()}`}`),
      );
    });
    if (problem !== null) throw new ToruError('plugin_invalid', `--metadata ${problem}.`);
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
    killGroup(child.pid);
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

function killGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}
