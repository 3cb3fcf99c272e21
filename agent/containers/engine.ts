import { request } from 'node:http';
import { userInfo } from 'node:os';
import type { Duplex, Readable } from 'node:stream';
import * as z from 'zod';
import { ConnectionLost, StepFailure } from './step-failure.ts';

/**
 * The part of the Docker Engine's API that steps need, over its Unix socket; Podman's compatible socket speaks the same
 * (https://docs.docker.com/reference/api/engine/). It is this small because the libraries are not: dockerode brings SSH and gRPC, and
 * costs each running step 36 MB.
 */

/** Docker 20.10 and Podman 4 speak this. */
const OLDEST = 41;
/** The newest that was read; a newer engine speaks it, too. */
const NEWEST = 51;

const version = z.object({
  ApiVersion: z.string(),
  MinAPIVersion: z.string().optional(),
  Components: z.array(z.object({ Name: z.string() })).nullish(),
});
const message = z.object({ message: z.string() });
const made = z.object({ Id: z.string() });
const inspected = z.object({
  Id: z.string(),
  State: z.object({
    Running: z.boolean(),
    ExitCode: z.int(),
    OOMKilled: z.boolean().optional(),
    Error: z.string().optional(),
  }),
});
export type Inspected = z.infer<typeof inspected>;
const listed = z.array(z.object({ Id: z.string(), Labels: z.record(z.string(), z.string()).nullish() }));
const progress = z.object({
  status: z.string().optional(),
  id: z.string().optional(),
  error: z.string().optional(),
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).nullish(),
});
export type PullProgress = z.infer<typeof progress>;

interface Asked {
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: unknown;
  stream?: Readable;
  signal?: AbortSignal;
}

/** An answer that is no success, as the engine says it. */
export class EngineRefusal extends Error {
  readonly status: number;
  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

export class Engine {
  readonly kind: 'docker' | 'podman';
  readonly #socket: string;
  readonly #prefix: string;

  private constructor(socket: string, prefix: string, kind: 'docker' | 'podman') {
    this.#socket = socket;
    this.#prefix = prefix;
    this.kind = kind;
  }

  /** The first of these sockets at which an engine answers. @throws StepFailure, with what to do */
  static async find(sockets: readonly string[]): Promise<Engine> {
    let found: StepFailure | null = null;
    for (const socket of sockets) {
      try {
        return await Engine.#at(socket);
      } catch (error) {
        if (!(error instanceof StepFailure)) throw error;
        // One that is there, and refuses, says more than those that are not.
        found ??= error;
        if (!(error instanceof NoSocket)) throw error;
      }
    }
    if (sockets.length === 1 && found !== null) throw found;
    throw new StepFailure(
      `No container engine was found on this host: none of ${sockets.join(', ')} is there. Install Docker or Podman and start it (Podman: systemctl --user enable --now podman.socket), or name its socket in the settings.`,
    );
  }

  static async #at(socket: string): Promise<Engine> {
    const answer = await send(socket, 'GET', '/version', {}).catch((error: unknown) => {
      throw unreached(error, socket);
    });
    const { ApiVersion, MinAPIVersion = '1.0', Components } = version.parse(JSON.parse(await textOf(answer)));
    const [newest, oldest] = [minorOf(ApiVersion), minorOf(MinAPIVersion)];
    if (newest < OLDEST)
      throw new StepFailure(
        `The container engine at ${socket} is too old: it speaks version ${ApiVersion} of the API, and steps need 1.${OLDEST} (Docker 20.10, Podman 4). Upgrade it.`,
      );
    const spoken = Math.max(oldest, Math.min(newest, NEWEST));
    const kind = Components?.some(({ Name }) => Name === 'Podman Engine') === true ? 'podman' : 'docker';
    return new Engine(socket, `/v1.${spoken}`, kind);
  }

  /** @throws EngineRefusal 404 */
  async image(name: string): Promise<void> {
    await this.#text('GET', `/images/${encodeURIComponent(name)}/json`);
  }

  /** Pulls an image. @param auth of its registry. @throws StepFailure as the engine says it */
  async pull(name: string, auth: string | null, signal: AbortSignal, each: (step: PullProgress) => void): Promise<void> {
    const { repository, tag } = partsOfImage(name);
    const answer = await this.#send('POST', '/images/create', {
      query: { fromImage: repository, ...(tag === null ? {} : { tag }) },
      headers: auth === null ? {} : { 'X-Registry-Auth': auth },
      signal,
    });
    let rest = '';
    const take = (line: string): void => {
      if (line.trim() === '') return;
      const step = progress.parse(JSON.parse(line));
      if (step.error !== undefined) throw new EngineRefusal(500, step.error);
      each(step);
    };
    for await (const chunk of answer.setEncoding('utf8')) {
      const lines = `${rest}${String(chunk)}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
    }
    take(rest);
  }

  /** @returns its id. */
  async create(name: string, body: object, signal: AbortSignal): Promise<string> {
    return made.parse(await this.#json('POST', '/containers/create', { query: { name }, body, signal })).Id;
  }

  async start(id: string): Promise<void> {
    await this.#text('POST', `/containers/${id}/start`);
  }

  /** What a container prints from now on: frames of both streams. To be called before its start. */
  async attach(id: string): Promise<Duplex | Readable> {
    return this.#send('POST', `/containers/${id}/attach`, {
      query: { stream: '1', stdout: '1', stderr: '1' },
      headers: { Connection: 'Upgrade', Upgrade: 'tcp' },
    });
  }

  /** What a container has printed, and prints, in the same frames. */
  logs(id: string): Promise<Readable> {
    return this.#send('GET', `/containers/${id}/logs`, { query: { follow: '1', stdout: '1', stderr: '1' } });
  }

  /** @returns when a container has ended. */
  async wait(id: string): Promise<void> {
    await this.#text('POST', `/containers/${id}/wait`, { query: { condition: 'not-running' } });
  }

  async inspect(id: string): Promise<Inspected> {
    return inspected.parse(await this.#json('GET', `/containers/${id}/json`));
  }

  /** Its stop signal, so many seconds, KILL. @returns when it has ended. */
  async stop(id: string, graceSeconds: number): Promise<void> {
    await this.#text('POST', `/containers/${id}/stop`, { query: { t: String(graceSeconds) } }).catch(unless(404, 304));
  }

  async kill(id: string): Promise<void> {
    await this.#text('POST', `/containers/${id}/kill`, { query: { signal: 'SIGKILL' } }).catch(unless(404, 409));
  }

  /** A container goes, running or not, with its anonymous volumes. One that is gone is gone. */
  async remove(id: string): Promise<void> {
    await this.#text('DELETE', `/containers/${id}`, { query: { force: '1', v: '1' } }).catch(unless(404));
  }

  /** @param tar is unpacked at the root of a container that need not run. */
  async putFiles(id: string, tar: Readable): Promise<void> {
    await this.#text('PUT', `/containers/${id}/archive`, {
      query: { path: '/' },
      headers: { 'Content-Type': 'application/x-tar' },
      stream: tar,
    });
  }

  /** A folder of a container as a tar. @throws EngineRefusal 404 */
  getFiles(id: string, path: string): Promise<Readable> {
    return this.#send('GET', `/containers/${id}/archive`, { query: { path } });
  }

  /** All containers, running or not, with this label. */
  async labelled(label: string): Promise<z.infer<typeof listed>> {
    const filters = JSON.stringify({ label: [label] });
    return listed.parse(await this.#json('GET', '/containers/json', { query: { all: '1', filters } }));
  }

  async #json(method: string, path: string, asked: Asked = {}): Promise<unknown> {
    return JSON.parse(await this.#text(method, path, asked));
  }

  async #text(method: string, path: string, asked: Asked = {}): Promise<string> {
    return textOf(await this.#send(method, path, asked));
  }

  #send(method: string, path: string, asked: Asked = {}): Promise<Readable> {
    return send(this.#socket, method, `${this.#prefix}${path}`, asked).catch((error: unknown) => {
      throw error instanceof EngineRefusal ? error : lost(error, this.#socket);
    });
  }
}

/** Swallows refusals of these kinds: what was asked for is so already. */
function unless(...statuses: number[]): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof EngineRefusal) || !statuses.includes(error.status)) throw error;
  };
}

class NoSocket extends StepFailure {}

function unreached(error: unknown, socket: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ENOENT' || code === 'ENOTSOCK' || code === 'ENOTDIR')
    return new NoSocket(`There is no container engine at ${socket}. Is it started?`);
  if (code === 'ECONNREFUSED') return new NoSocket(`Nothing listens at ${socket}: its container engine is not running. Start it.`);
  if (code === 'EACCES' || code === 'EPERM')
    return new StepFailure(
      `The agent's user ${userInfo().username} may not use ${socket}. Docker: sudo usermod -aG docker ${userInfo().username}, then start the agent again; or run Podman without root.`,
    );
  return error instanceof EngineRefusal ? new StepFailure(`The container engine at ${socket} answers: ${error.message}`) : error;
}

function lost(error: unknown, socket: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  const isLost = ['ECONNRESET', 'ECONNREFUSED', 'ENOENT', 'EPIPE'].includes(String(code));
  return isLost ? new ConnectionLost(`The container engine at ${socket} does not answer any more.`) : error;
}

/** @returns the body; of an upgraded connection, the connection. @throws EngineRefusal, or as the system says */
function send(socketPath: string, method: string, path: string, { query, headers = {}, body, stream, signal }: Asked): Promise<Readable> {
  const target = query === undefined ? path : `${path}?${new URLSearchParams(query)}`;
  const text = body === undefined ? null : JSON.stringify(body);
  const ofBody = text === null ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) };
  return new Promise((resolve, reject) => {
    const sent = request({
      socketPath,
      method,
      path: target,
      headers: { Host: 'docker', ...ofBody, ...headers },
      agent: false,
      ...(signal === undefined ? {} : { signal }),
    });
    sent.on('error', reject);
    sent.on('upgrade', (_answer, connection, head) => {
      if (head.length > 0) connection.unshift(head);
      resolve(connection);
    });
    sent.on('response', (answer) => {
      const status = answer.statusCode ?? 0;
      if (status < 300) return resolve(answer);
      textOf(answer).then((said) => reject(new EngineRefusal(status, wordsOf(said, status))), reject);
    });
    if (stream === undefined) sent.end(text ?? undefined);
    else {
      stream.on('error', (error) => sent.destroy(error));
      stream.pipe(sent);
    }
  });
}

function wordsOf(text: string, status: number): string {
  try {
    return message.parse(JSON.parse(text)).message;
  } catch {
    return text.trim() === '' ? `status ${status}` : text.trim().slice(0, 500);
  }
}

async function textOf(answer: Readable): Promise<string> {
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += String(chunk);
  return text;
}

function minorOf(text: string): number {
  const [major = '0', minor = '0'] = text.split('.');
  return major === '1' ? Number(minor) : Number(major) * 100;
}

/** `registry/name:tag`: without a tag or digest the engine would pull all of them. */
export function partsOfImage(name: string): { repository: string; tag: string | null } {
  if (name.includes('@')) return { repository: name, tag: null };
  const at = name.lastIndexOf(':');
  if (at === -1 || name.indexOf('/', at) !== -1) return { repository: name, tag: 'latest' };
  return { repository: name.slice(0, at), tag: name.slice(at + 1) };
}
