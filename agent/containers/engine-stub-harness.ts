import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { packTar } from 'modern-tar/fs';
import * as z from 'zod';
import type { EngineOperation } from './engine-schema-harness.ts';
import { OPERATIONS } from './engine-schema-harness.ts';
import { tarEntries } from './tar-entries.ts';

/**
 * A container engine for tests: the Engine's API on a Unix socket, each request checked against the published schema
 * (engine-schema-harness.ts), each container a real process of this host. There are no namespaces: `/toru` and `/workspace` in a
 * container's files, command and variables are read as the folders that stand for them.
 */
export interface EngineStub {
  socket: string;
  /** What came, by the operation's name; that of a wrong request is `wrong: …`. */
  requests: string[];
  /** What requests were wrong about, against the schema. */
  faults: string[];
  containers: Map<string, StubContainer>;
  /** Images that are here. */
  images: Set<string>;
  /** The bodies of ContainerCreate. */
  created: z.infer<typeof createBody>[];
  /** What `X-Registry-Auth` said, decoded. */
  auths: unknown[];
  /** The engine goes away, its containers go on. */
  stop(): Promise<void>;
  /** It is back. */
  start(): Promise<void>;
  /** All of it goes, with its containers. */
  close(): Promise<void>;
}

const createBody = z.looseObject({
  Image: z.string(),
  Entrypoint: z.array(z.string()).default([]),
  Cmd: z.array(z.string()).default([]),
  WorkingDir: z.string().default('/'),
  Env: z.array(z.string()).default([]),
  Labels: z.record(z.string(), z.string()).default({}),
  HostConfig: z
    .looseObject({ Binds: z.array(z.string()).default([]), Memory: z.number().optional(), NanoCpus: z.number().optional() })
    .prefault({}),
});

interface StubContainer {
  id: string;
  name: string;
  root: string;
  body: z.infer<typeof createBody>;
  process: ChildProcess | null;
  exit: number | null;
  killedForMemory: boolean;
  /** Frames, as they were printed. */
  printed: Buffer[];
  followers: Set<Writable>;
  ended: PromiseWithResolvers<void>;
}

export interface StubOptions {
  apiVersion?: string;
  minApiVersion?: string;
  podman?: boolean;
  images?: string[];
  /** What a pull of an image comes to; absent: it is pulled in two layers. */
  pullFails?: string;
  /** A path of a socket; absent: one in a temporary folder. */
  socket?: string;
}

export async function engineStub(options: StubOptions = {}): Promise<EngineStub> {
  const folder = mkdtempSync(join(tmpdir(), 'toru-engine-'));
  const stub = new Stub(folder, options);
  await stub.start();
  return stub;
}

class Stub implements EngineStub {
  readonly socket: string;
  readonly requests: string[] = [];
  readonly faults: string[] = [];
  readonly containers = new Map<string, StubContainer>();
  readonly images: Set<string>;
  readonly created: z.infer<typeof createBody>[] = [];
  readonly auths: unknown[] = [];
  readonly #folder: string;
  readonly #options: StubOptions;
  readonly #sockets = new Set<Socket>();
  #server = createServer();

  constructor(folder: string, options: StubOptions) {
    this.#folder = folder;
    this.#options = options;
    this.socket = options.socket ?? join(folder, 'engine.sock');
    this.images = new Set(options.images ?? []);
  }

  async start(): Promise<void> {
    const server = createServer((asked, answer) => void this.#answer(asked, answer));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined);
    });
    // ContainerAttach alone asks for another protocol.
    server.on('upgrade', (asked, socket: Socket) => this.#attach(asked, socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.socket, resolve));
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const { followers } of this.containers.values()) followers.clear();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async close(): Promise<void> {
    for (const container of this.containers.values()) kill(container, 'SIGKILL');
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** @returns the operation and the container it is about; null, with the fault noted, for what the API does not have. */
  #operation(asked: IncomingMessage): { operation: EngineOperation; query: URLSearchParams; at: string } | null {
    const url = new URL(asked.url ?? '', 'http://engine');
    const path = url.pathname.replace(/^\/v1\.\d+(?=\/)/, '');
    const operation = OPERATIONS.find((each) => each.method === asked.method && each.path.test(path));
    const wrong = (what: string): null => {
      this.requests.push(`wrong: ${asked.method} ${asked.url}`);
      this.faults.push(`${asked.method} ${asked.url}: ${what}`);
      return null;
    };
    if (operation === undefined) return wrong('there is no such operation');
    if (operation.name !== 'SystemVersion' && path === url.pathname) return wrong('it names no version of the API');
    const query = operation.query.safeParse(Object.fromEntries(url.searchParams));
    if (!query.success) return wrong(query.error.message);
    for (const [name, expected] of Object.entries(operation.headers ?? {}))
      if (!expected.test(String(asked.headers[name] ?? ''))) return wrong(`its header ${name} is ${asked.headers[name]}`);
    this.requests.push(operation.name);
    return { operation, query: url.searchParams, at: decodeURIComponent(operation.path.exec(path)?.[1] ?? '') };
  }

  async #answer(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const json = (status: number, value: unknown): void => {
      answer.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
    };
    try {
      const found = this.#operation(asked);
      if (found === null) return json(400, { message: this.faults.at(-1) });
      const { operation, query, at } = found;
      if (operation.body === 'json') {
        const body: unknown = JSON.parse(await text(asked));
        const checked = operation.json?.safeParse(body);
        if (checked?.success === false) {
          this.faults.push(`${operation.name}: ${checked.error.message}`);
          return json(400, { message: checked.error.message });
        }
        return this.#create(query.get('name') ?? '', createBody.parse(body), json);
      }
      await this.#operate(operation.name, at, query, asked, answer, json);
    } catch (error) {
      if (!answer.headersSent) json(500, { message: String(error) });
    }
  }

  async #operate(
    name: string,
    at: string,
    query: URLSearchParams,
    asked: IncomingMessage,
    answer: ServerResponse,
    json: (status: number, value: unknown) => void,
  ): Promise<void> {
    const { apiVersion = '1.47', minApiVersion = '1.24', podman = false } = this.#options;
    if (name === 'SystemVersion')
      return json(200, {
        ApiVersion: apiVersion,
        MinAPIVersion: minApiVersion,
        Components: [{ Name: podman ? 'Podman Engine' : 'Engine' }],
      });
    if (name === 'ImageInspect')
      return this.images.has(at) ? json(200, { Id: 'sha256:1' }) : json(404, { message: `No such image: ${at}` });
    if (name === 'ImageCreate') return this.#pull(query, asked, answer);
    if (name === 'ContainerList') {
      const [label = ''] = z.object({ label: z.array(z.string()) }).parse(JSON.parse(query.get('filters') ?? '{"label":[""]}')).label;
      const [key = '', value = ''] = label.split('=');
      const all = [...this.containers.values()].filter(({ body }) => body.Labels[key] === value);
      return json(
        200,
        all.map(({ id, body }) => ({ Id: id, Labels: body.Labels })),
      );
    }
    const container = this.#find(at);
    if (container === null) return json(404, { message: `No such container: ${at}` });
    const { exit } = container;
    const running = container.process !== null && exit === null;
    switch (name) {
      case 'ContainerInspect':
        return json(200, {
          Id: container.id,
          State: { Running: running, ExitCode: exit ?? 0, OOMKilled: container.killedForMemory, Error: '' },
        });
      case 'ContainerStart':
        this.#run(container);
        answer.writeHead(204).end();
        return;
      case 'ContainerWait':
        if (running) await container.ended.promise;
        return json(200, { StatusCode: container.exit ?? 0 });
      case 'ContainerLogs':
        answer.writeHead(200, { 'Content-Type': 'application/vnd.docker.multiplexed-stream' });
        follow(container, answer);
        return;
      case 'ContainerStop': {
        kill(container, 'SIGTERM');
        const late = setTimeout(() => kill(container, 'SIGKILL'), Number(query.get('t')) * 1000);
        if (running) await container.ended.promise;
        clearTimeout(late);
        answer.writeHead(running ? 204 : 304).end();
        return;
      }
      case 'ContainerKill':
        kill(container, 'SIGKILL');
        answer.writeHead(204).end();
        return;
      case 'ContainerDelete':
        kill(container, 'SIGKILL');
        if (running) await container.ended.promise;
        this.containers.delete(container.id);
        answer.writeHead(204).end();
        return;
      case 'PutContainerArchive':
        await unpack(asked, container);
        answer.writeHead(200).end();
        return;
      case 'ContainerArchive': {
        const path = query.get('path') ?? '';
        answer.writeHead(200, { 'Content-Type': 'application/x-tar' });
        packTar([{ type: 'directory', source: join(container.root, path), target: path.slice(path.lastIndexOf('/') + 1) }]).pipe(answer);
        return;
      }
      default:
        return json(501, { message: name });
    }
  }

  #create(name: string, body: z.infer<typeof createBody>, json: (status: number, value: unknown) => void): void {
    if (!this.images.has(body.Image)) return json(404, { message: `No such image: ${body.Image}` });
    if (this.#find(name) !== null) return json(409, { message: `Conflict. The container name "/${name}" is already in use` });
    const id = randomBytes(32).toString('hex');
    const root = join(this.#folder, id.slice(0, 12));
    mkdirSync(root, { recursive: true });
    const ended = Promise.withResolvers<void>();
    const state = { process: null, exit: null, killedForMemory: false, printed: [], followers: new Set<Writable>(), ended };
    this.containers.set(id, { id, name, root, body, ...state });
    this.created.push(body);
    json(201, { Id: id, Warnings: [] });
  }

  #attach(asked: IncomingMessage, socket: Socket): void {
    const found = this.#operation(asked);
    const container = found === null ? null : this.#find(found.at);
    if (container === null) {
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    socket.write(
      'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n',
    );
    container.followers.add(socket);
  }

  async #pull(query: URLSearchParams, asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const auth = asked.headers['x-registry-auth'];
    if (typeof auth === 'string') this.auths.push(JSON.parse(Buffer.from(auth, 'base64url').toString('utf8')));
    const { pullFails } = this.#options;
    if (pullFails?.startsWith('404 ') === true) {
      answer.writeHead(404, { 'Content-Type': 'application/json' }).end(JSON.stringify({ message: pullFails.slice(4) }));
      return;
    }
    answer.writeHead(200, { 'Content-Type': 'application/json' });
    const tell = (value: object): void => void answer.write(`${JSON.stringify(value)}\r\n`);
    tell({ status: `Pulling from ${query.get('fromImage')}`, id: query.get('tag') });
    for (const id of ['aaaa', 'bbbb']) {
      tell({ status: 'Downloading', id, progressDetail: { current: 1, total: 2 } });
      tell({ status: 'Pull complete', id, progressDetail: {} });
    }
    if (pullFails === undefined) this.images.add(`${query.get('fromImage')}:${query.get('tag')}`);
    else tell({ error: pullFails, errorDetail: { message: pullFails } });
    answer.end();
  }

  #find(at: string): StubContainer | null {
    return [...this.containers.values()].find(({ id, name }) => id === at || name === at) ?? null;
  }

  #run(container: StubContainer): void {
    const { body, root } = container;
    const inside = (value: string): string => translated(value, container);
    const [program = 'true', ...args] = [...body.Entrypoint, ...body.Cmd].map(inside);
    const variables = Object.fromEntries(
      body.Env.map((each) => [each.slice(0, each.indexOf('=')), inside(each.slice(each.indexOf('=') + 1))]),
    );
    const workdir = inside(body.WorkingDir);
    const child = spawn(program, args, {
      cwd: workdir === '/' ? root : workdir,
      // `HOME` and `PATH` are the image's.
      env: { PATH: process.env['PATH'] ?? '', HOME: root, ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    container.process = child;
    const print = (stream: 1 | 2, bytes: Buffer): void => {
      const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
      head.writeUInt32BE(bytes.length, 4);
      const frame = Buffer.concat([head, bytes]);
      container.printed.push(frame);
      for (const follower of container.followers) follower.write(frame);
    };
    child.stdout.on('data', (bytes: Buffer) => print(1, bytes));
    child.stderr.on('data', (bytes: Buffer) => print(2, bytes));
    child.on('error', (error) => print(2, Buffer.from(`${error.message}\n`)));
    child.on('close', (code, signal) => {
      container.exit = code ?? (signal === 'SIGKILL' ? 137 : 143);
      container.killedForMemory = container.exit === 137 && variables['STUB_OOM'] === '1';
      for (const follower of container.followers) follower.end();
      container.ended.resolve();
    });
  }
}

function follow(container: StubContainer, to: Writable): void {
  for (const frame of container.printed) to.write(frame);
  if (container.exit === null) container.followers.add(to);
  else to.end();
}

function kill({ process: child, exit }: StubContainer, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child?.pid === undefined || exit !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has just ended.
  }
}

/** As the container sees it, on this host. */
function translated(value: string, { root, body }: StubContainer): string {
  const workspace = body.HostConfig.Binds.find((bind) => bind.includes(':/workspace:'))?.split(':')[0];
  const below = value.replaceAll(/(?<![\w/.-])\/toru\//g, `${root}/toru/`);
  return workspace === undefined ? below : below.replaceAll(/(?<![\w/.-])\/workspace(?=$|\/)/g, workspace);
}

async function unpack(tar: Readable, container: StubContainer): Promise<void> {
  for await (const { name, type, mode, bytes } of tarEntries(tar)) {
    const path = join(container.root, name);
    if (type === 'directory') {
      mkdirSync(path, { recursive: true });
      continue;
    }
    mkdirSync(dirname(path), { recursive: true });
    const parts: Uint8Array[] = [];
    for await (const part of bytes()) parts.push(part);
    const content = Buffer.concat(parts);
    writeFileSync(path, path.endsWith('.sh') ? translated(content.toString('utf8'), container) : content, { mode });
  }
}
