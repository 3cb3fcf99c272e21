import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ClusterOperation, PodBody } from './cluster-schema-harness.ts';
import { OPERATIONS, podBody } from './cluster-schema-harness.ts';

/**
 * A Kubernetes cluster for tests: its API, each request checked against the published schema (cluster-schema-harness.ts), the containers of
 * a pod being processes of this host. `/toru` and `/workspace` are read as the pod's folder.
 */
export interface ClusterStub {
  /** A kubeconfig for it. */
  kubeconfig: string;
  requests: string[];
  faults: string[];
  created: PodBody[];
  pods: Map<string, StubPod>;
  close(): Promise<void>;
}

export interface ClusterStubOptions {
  /** Pods never start, for this reason. */
  pending?: { reason: string; message: string };
}

interface StubContainer {
  process: ChildProcess | null;
  exit: number | null;
  oom: boolean;
  printed: Buffer[];
  followers: Set<Writable>;
}

interface StubPod {
  body: PodBody;
  root: string;
  containers: Map<string, StubContainer>;
  ended: PromiseWithResolvers<void>;
}

const NAMESPACE = 'jobs';
const TOKEN = 'a-token-of-the-cluster';

export async function clusterStub(options: ClusterStubOptions = {}): Promise<ClusterStub> {
  const folder = mkdtempSync(join(tmpdir(), 'toru-cluster-'));
  const stub = new Stub(folder, options);
  await stub.listen();
  return stub;
}

class Stub implements ClusterStub {
  readonly kubeconfig: string;
  readonly requests: string[] = [];
  readonly faults: string[] = [];
  readonly created: PodBody[] = [];
  readonly pods = new Map<string, StubPod>();
  readonly #folder: string;
  readonly #options: ClusterStubOptions;
  readonly #server = createServer((asked, answer) => void this.#answer(asked, answer));
  readonly #sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has('v4.channel.k8s.io') ? 'v4.channel.k8s.io' : false),
  });

  constructor(folder: string, options: ClusterStubOptions) {
    this.#folder = folder;
    this.#options = options;
    this.kubeconfig = join(folder, 'kubeconfig');
  }

  async listen(): Promise<void> {
    this.#server.on('upgrade', (asked, socket: Duplex, head) => this.#upgrade(asked, socket, head));
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    writeFileSync(
      this.kubeconfig,
      `apiVersion: v1
kind: Config
current-context: test
contexts: [{ name: test, context: { cluster: c, user: u, namespace: ${NAMESPACE} } }]
clusters: [{ name: c, cluster: { server: 'http://127.0.0.1:${port}' } }]
users: [{ name: u, user: { token: ${TOKEN} } }]
`,
    );
  }

  async close(): Promise<void> {
    for (const pod of this.pods.values()) killAll(pod, 'SIGKILL');
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #operation(asked: IncomingMessage): { operation: ClusterOperation; query: URLSearchParams; name: string } | null {
    const url = new URL(asked.url ?? '', 'http://cluster');
    const operation = OPERATIONS.find((each) => each.method === asked.method && each.path.test(url.pathname));
    const wrong = (what: string): null => {
      this.requests.push(`wrong: ${asked.method} ${asked.url}`);
      this.faults.push(`${asked.method} ${asked.url}: ${what}`);
      return null;
    };
    if (operation === undefined) return wrong('there is no such operation');
    if (asked.headers.authorization !== `Bearer ${TOKEN}`) return wrong('it does not say who asks');
    const query = operation.query.safeParse(Object.fromEntries(url.searchParams));
    if (!query.success) return wrong(query.error.message);
    const [, namespace, name = ''] = operation.path.exec(url.pathname) ?? [];
    if (namespace !== NAMESPACE) return wrong('it is about another namespace');
    this.requests.push(operation.name);
    return { operation, query: url.searchParams, name };
  }

  async #answer(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const json = (status: number, value: object): void => {
      answer.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
    };
    const failure = (code: number, message: string): void => json(code, { kind: 'Status', status: 'Failure', message, code });
    const found = this.#operation(asked);
    if (found === null) return failure(400, this.faults.at(-1) ?? '');
    const { operation, query, name } = found;
    if (operation.name === 'createPod') {
      const checked = podBody.safeParse(JSON.parse(await text(asked)));
      if (!checked.success) {
        this.faults.push(checked.error.message);
        return failure(422, checked.error.message);
      }
      return json(201, this.#shown(this.#create(checked.data)));
    }
    if (operation.name === 'listEvents') {
      const { pending } = this.#options;
      return json(200, { items: pending === undefined ? [] : [{ type: 'Warning', reason: 'FailedScheduling', message: pending.message }] });
    }
    const pod = this.pods.get(name);
    if (pod === undefined) return failure(404, `pods "${name}" not found`);
    if (operation.name === 'readPod') return json(200, this.#shown(pod));
    if (operation.name === 'readPodLog') return this.#follow(pod, query.get('container') ?? '', answer);
    // A delete is accepted at once; the pod is gone when its containers are.
    json(200, this.#shown(pod));
    const grace = Number(query.get('gracePeriodSeconds'));
    killAll(pod, grace === 0 ? 'SIGKILL' : 'SIGTERM');
    const late = setTimeout(() => killAll(pod, 'SIGKILL'), grace * 1000);
    if ([...pod.containers.values()].some(({ process: child, exit }) => child !== null && exit === null)) await pod.ended.promise;
    clearTimeout(late);
    this.pods.delete(name);
  }

  #create(body: PodBody): StubPod {
    const root = join(this.#folder, body.metadata.name);
    mkdirSync(join(root, 'toru'), { recursive: true });
    mkdirSync(join(root, 'workspace'));
    const { initContainers = [], containers } = body.spec;
    const names = [...initContainers, ...containers].map(({ name }) => name);
    const fresh = (): StubContainer => ({ process: null, exit: null, oom: false, printed: [], followers: new Set() });
    const pod = { body, root, containers: new Map(names.map((name) => [name, fresh()])), ended: Promise.withResolvers<void>() };
    this.pods.set(body.metadata.name, pod);
    this.created.push(body);
    if (this.#options.pending === undefined) this.#run(pod, initContainers[0]?.name ?? '');
    return pod;
  }

  #run(pod: StubPod, name: string): void {
    const { body, root } = pod;
    const defined = [...(body.spec.initContainers ?? []), ...body.spec.containers].find((each) => each.name === name);
    const container = pod.containers.get(name);
    if (defined === undefined || container === undefined) return;
    const [program = 'true', ...args] = [...(defined.command ?? []), ...(defined.args ?? [])].map((word) => inside(expanded(word), root));
    const env = Object.fromEntries((defined.env ?? []).map((each) => [each.name, inside(expanded(each.value ?? ''), root)]));
    const cwd = inside(defined.workingDir ?? '', root) || root;
    const child = spawn(program, args, {
      cwd,
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    if (defined.stdin !== true) child.stdin.end();
    child.stdin.on('error', () => undefined);
    container.process = child;
    const print = (bytes: Buffer): void => {
      container.printed.push(bytes);
      for (const follower of container.followers) follower.write(bytes);
    };
    child.stdout.on('data', print);
    child.stderr.on('data', print);
    child.on('error', (error) => print(Buffer.from(error.message)));
    child.on('close', (code, signal) => {
      container.exit = code ?? (signal === 'SIGKILL' ? 137 : 143);
      container.oom = env['STUB_OOM'] === '1' && container.exit === 137;
      for (const follower of container.followers) follower.end();
      const isInit = body.spec.initContainers?.some((each) => each.name === name) === true;
      if (isInit && container.exit === 0) {
        translateScripts(root);
        for (const { name: next } of body.spec.containers) this.#run(pod, next);
      }
      if ([...pod.containers.values()].every(({ process: each, exit }) => each === null || exit !== null)) pod.ended.resolve();
    });
  }

  #shown({ body, containers }: StubPod): object {
    const { pending } = this.#options;
    const statusOf = ({ name }: { name: string }): object => {
      const { process: child, exit, oom } = containers.get(name) ?? { process: null, exit: null, oom: false };
      if (exit !== null)
        return { name, state: { terminated: { exitCode: exit, reason: oom ? 'OOMKilled' : exit === 0 ? 'Completed' : 'Error' } } };
      return { name, state: child === null ? { waiting: pending ?? { reason: 'PodInitializing' } } : { running: {} } };
    };
    const { initContainers = [], containers: main } = body.spec;
    const phase = pending === undefined ? 'Running' : 'Pending';
    return {
      metadata: { name: body.metadata.name, namespace: NAMESPACE },
      status: { phase, initContainerStatuses: initContainers.map(statusOf), containerStatuses: main.map(statusOf) },
    };
  }

  #follow(pod: StubPod, name: string, answer: ServerResponse): void {
    const container = pod.containers.get(name);
    answer.writeHead(200, { 'Content-Type': 'text/plain' });
    for (const bytes of container?.printed ?? []) answer.write(bytes);
    if (container === undefined || container.exit !== null) answer.end();
    else container.followers.add(answer);
  }

  #upgrade(asked: IncomingMessage, socket: Duplex, head: Buffer): void {
    const found = this.#operation(asked);
    const pod = found === null ? undefined : this.pods.get(found.name);
    const container = pod?.containers.get(found?.query.get('container') ?? '');
    if (found === null || pod === undefined || container === undefined) {
      socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.#sockets.handleUpgrade(asked, socket, head, (stream) => {
      if (found.operation.name === 'attachPod')
        stream.on('message', (data: Buffer) => void (data[0] === 0 && container.process?.stdin?.write(data.subarray(1))));
      else
        execute(
          stream,
          found.query.getAll('command').map((word) => inside(word, pod.root)),
        );
    });
  }
}

function execute(stream: WebSocket, [program = 'true', ...args]: string[]): void {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const send = (channel: number, bytes: Buffer): void => stream.send(Buffer.concat([Buffer.from([channel]), bytes]));
  child.stdout.on('data', (bytes: Buffer) => send(1, bytes));
  child.stderr.on('data', (bytes: Buffer) => send(2, bytes));
  child.on('close', (code) => {
    send(3, Buffer.from(JSON.stringify(code === 0 ? { status: 'Success' } : { status: 'Failure', message: `exit code ${code}` })));
    stream.close();
  });
}

/** As the kubelet does it: a value that came as `$(…)` would show. */
const expanded = (value: string): string => value.replaceAll(/\$\$|\$\([A-Za-z_]\w*\)/g, (found) => (found === '$$' ? '$' : 'EXPANDED'));

function inside(value: string, root: string): string {
  if (value === '/') return root;
  return value.replaceAll(/(?<![\w/.-])\/(toru|workspace)(?=$|\/)/g, `${root}/$1`);
}

/** Before the containers start: one that began sooner read another place. */
function translateScripts(root: string): void {
  execFileSync('sh', [
    '-c',
    'for f in "$1"/toru/in/*.sh; do if [ -f "$f" ]; then sed -i "s#\\(^\\|[^A-Za-z0-9_/.-]\\)/\\(toru\\|workspace\\)/#\\1$1/\\2/#g" "$f"; fi; done',
    'sh',
    root,
  ]);
}

function killAll({ containers }: StubPod, signal: 'SIGTERM' | 'SIGKILL'): void {
  for (const { process: child, exit } of containers.values()) {
    if (child?.pid === undefined || exit !== null) continue;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // It has just ended.
    }
  }
}
