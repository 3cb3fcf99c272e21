import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { spawned } from '../process/spawn.ts';
import { StepFailure } from './step-failure.ts';

const DOCKER_HUB = 'https://index.docker.io/v1/';

const configuration = z.object({
  auths: z.record(z.string(), z.object({ auth: z.string().optional(), identitytoken: z.string().optional() })).default({}),
  credHelpers: z.record(z.string(), z.string()).default({}),
  credsStore: z.string().optional(),
});
const helped = z.object({ Username: z.string(), Secret: z.string() });

/** The registry of an image's name: its first part, where that has a dot or a port or is localhost. */
export function registryOf(image: string): string {
  const [first = '', second] = image.split('/');
  return second !== undefined && (/[.:]/.test(first) || first === 'localhost') ? first : DOCKER_HUB;
}

/**
 * What `docker login` or `podman login` left for an image's registry, as an engine takes it (X-Registry-Auth).
 * @param folder of `config.json`; null: where docker and podman look. @returns null where there is nothing.
 * @throws StepFailure when a helper that the configuration names fails
 */
export async function registryAuth(image: string, folder: string | null): Promise<string | null> {
  const registry = registryOf(image);
  const names =
    registry === DOCKER_HUB ? [DOCKER_HUB, 'https://index.docker.io', 'docker.io', 'index.docker.io'] : [registry, `https://${registry}`];
  for (const file of filesOf(folder)) {
    const found = read(file);
    if (found === null) continue;
    const helper = names.map((name) => found.credHelpers[name]).find((name) => name !== undefined) ?? found.credsStore;
    const stored = names.map((name) => found.auths[name]).find((each) => each !== undefined);
    if (helper !== undefined) {
      const kept = await ask(helper, registry);
      if (kept !== null)
        return encode(
          kept.Username === '<token>' ? { identitytoken: kept.Secret } : { username: kept.Username, password: kept.Secret },
          registry,
        );
    }
    if (stored?.identitytoken !== undefined) return encode({ identitytoken: stored.identitytoken }, registry);
    if (stored?.auth === undefined) continue;
    const [username = '', ...rest] = Buffer.from(stored.auth, 'base64').toString('utf8').split(':');
    return encode({ username, password: rest.join(':') }, registry);
  }
  return null;
}

function filesOf(folder: string | null): string[] {
  if (folder !== null) return [join(folder, 'config.json')];
  const runtime = process.env['XDG_RUNTIME_DIR'];
  return [join(homedir(), '.docker/config.json'), ...(runtime === undefined ? [] : [join(runtime, 'containers/auth.json')])];
}

function read(file: string): z.infer<typeof configuration> | null {
  try {
    return configuration.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}

function encode(auth: Record<string, string>, serveraddress: string): string {
  return Buffer.from(JSON.stringify({ ...auth, serveraddress })).toString('base64url');
}

/** Asks a program of the host for what it keeps (https://github.com/docker/docker-credential-helpers). @returns null where it keeps nothing. */
async function ask(helper: string, registry: string): Promise<z.infer<typeof helped> | null> {
  const program = `docker-credential-${helper}`;
  try {
    const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'] });
    await spawned(child);
    child.stdin.on('error', () => undefined);
    child.stdin.end(registry);
    let text = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) text += String(chunk);
    return text.includes('credentials not found') ? null : (helped.safeParse(JSON.parse(text)).data ?? null);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw new StepFailure(
      `The configuration of Docker names ${program} for the credentials of ${registry}, and it can't be started. Install it, or log in without it: docker login`,
    );
  }
}
