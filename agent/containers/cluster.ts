import { request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { PassThrough, type Readable } from 'node:stream';
import { WebSocket } from 'ws';
import * as z from 'zod';
import type { ClusterAccess } from './kubeconfig.ts';
import { ConnectionLost, StepFailure } from './step-failure.ts';

/**
 * The part of the Kubernetes API that steps need: pods, their logs, their events, and streams into and out of their containers
 * (https://kubernetes.io/docs/reference/kubernetes-api/). The official client, @kubernetes/client-node, costs each running step 90 MB.
 */

const status = z.object({ message: z.string().optional(), reason: z.string().optional(), status: z.string().optional() });
const containerState = z.object({
  waiting: z.object({ reason: z.string().optional(), message: z.string().optional() }).optional(),
  running: z.object({}).optional(),
  terminated: z.object({ exitCode: z.int(), reason: z.string().optional(), message: z.string().optional() }).optional(),
});
export type ContainerState = z.infer<typeof containerState>;
const containerStatus = z.object({ name: z.string(), state: containerState.default({}) });
const pod = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  status: z
    .object({
      phase: z.string().optional(),
      reason: z.string().optional(),
      message: z.string().optional(),
      initContainerStatuses: z.array(containerStatus).default([]),
      containerStatuses: z.array(containerStatus).default([]),
    })
    .prefault({}),
});
export type Pod = z.infer<typeof pod>;
const events = z.object({
  items: z.array(z.object({ type: z.string().optional(), reason: z.string().optional(), message: z.string().optional() })),
});

/** An answer that is no success, as the API server says it. */
export class ClusterRefusal extends Error {
  readonly status: number;
  constructor(code: number, text: string) {
    super(text);
    this.status = code;
  }
}

/** The channels of a stream (v4.channel.k8s.io): the first byte of each message. */
const [STDIN, STDOUT, STDERR, FAILURE] = [0, 1, 2, 3];
/** So much may wait in a socket before more is read. */
const MOST_BUFFERED = 1024 * 1024;

export class Cluster {
  readonly #access: ClusterAccess;

  constructor(access: ClusterAccess) {
    this.#access = access;
  }

  get namespace(): string {
    return this.#access.namespace;
  }

  async create(manifest: unknown): Promise<Pod> {
    return pod.parse(await this.#json('POST', '/pods', {}, manifest));
  }

  async get(name: string): Promise<Pod> {
    return pod.parse(await this.#json('GET', `/pods/${name}`));
  }

  /** One that is gone is gone. */
  async remove(name: string, graceSeconds: number): Promise<void> {
    await this.#json('DELETE', `/pods/${name}`, { gracePeriodSeconds: String(graceSeconds) }).catch((error: unknown) => {
      if (!(error instanceof ClusterRefusal) || error.status !== 404) throw error;
    });
  }

  /** What a container has printed, and prints. */
  logs(name: string, container: string): Promise<Readable> {
    return this.#send('GET', `/pods/${name}/log`, { container, follow: 'true' });
  }

  /** Why a pod does not start: its newest warnings, in the cluster's words. */
  async warnings(name: string): Promise<string[]> {
    const { items } = events.parse(await this.#json('GET', '/events', { fieldSelector: `involvedObject.name=${name}` }));
    return [
      ...new Set(items.filter(({ type }) => type === 'Warning').map(({ reason, message }) => `${reason ?? 'Warning'}: ${message ?? ''}`)),
    ].slice(-3);
  }

  /** Writes into a container's standard input. @returns when all is written. */
  async write(name: string, container: string, source: Readable): Promise<void> {
    const socket = await this.#stream(`/pods/${name}/attach`, [
      ['container', container],
      ['stdin', 'true'],
      ['stdout', 'true'],
      ['stderr', 'true'],
    ]);
    try {
      for await (const chunk of source) {
        socket.send(Buffer.concat([Buffer.from([STDIN]), Buffer.from(chunk)]));
        while (socket.bufferedAmount > MOST_BUFFERED && socket.readyState === WebSocket.OPEN)
          await new Promise((next) => setTimeout(next, 5));
        if (socket.readyState !== WebSocket.OPEN)
          throw new ConnectionLost('The cluster closed the connection while files were sent into the pod.');
      }
      while (socket.bufferedAmount > 0 && socket.readyState === WebSocket.OPEN) await new Promise((next) => setTimeout(next, 5));
    } finally {
      socket.close();
    }
  }

  /** Runs a program in a container. @returns what it prints. */
  async read(name: string, container: string, command: readonly string[]): Promise<Readable> {
    const words = command.map((word): [string, string] => ['command', word]);
    const socket = await this.#stream(`/pods/${name}/exec`, [['container', container], ['stdout', 'true'], ['stderr', 'true'], ...words]);
    const printed = new PassThrough({ highWaterMark: MOST_BUFFERED });
    let complaint = '';
    socket.on('message', (data: Buffer) => {
      const [channel, bytes] = [data[0], data.subarray(1)];
      if (channel === STDOUT && !printed.write(bytes)) {
        socket.pause();
        printed.once('drain', () => socket.resume());
      } else if (channel === STDERR) complaint = `${complaint}${bytes.toString('utf8')}`.slice(-500);
      else if (channel === FAILURE) {
        const ended = status.safeParse(JSON.parse(bytes.toString('utf8'))).data;
        if (ended?.status === 'Success') printed.end();
        else
          printed.destroy(
            new StepFailure(
              `The files of the step could not be taken out of the pod: ${complaint.trim() || ended?.message || 'no reason'}`,
            ),
          );
      }
    });
    socket.on('close', () => printed.end());
    socket.on('error', (error) => printed.destroy(error));
    return printed;
  }

  async #json(method: string, path: string, query: Record<string, string> = {}, body?: unknown): Promise<unknown> {
    return JSON.parse(await textOf(await this.#send(method, path, query, body)));
  }

  #urlOf(path: string, query: [string, string][]): URL {
    const { server, namespace } = this.#access;
    const url = new URL(server);
    url.pathname = `${server.pathname.replace(/\/$/, '')}/api/v1/namespaces/${encodeURIComponent(namespace)}${path}`;
    url.search = new URLSearchParams(query).toString();
    return url;
  }

  #headers(): Record<string, string> {
    const { authorization } = this.#access;
    return authorization === null ? {} : { Authorization: authorization };
  }

  #send(method: string, path: string, query: Record<string, string>, body?: unknown): Promise<Readable> {
    const { tls } = this.#access;
    const url = this.#urlOf(path, Object.entries(query));
    const text = body === undefined ? null : JSON.stringify(body);
    const ofBody = text === null ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) };
    const options = { method, headers: { Accept: 'application/json, */*', ...this.#headers(), ...ofBody }, agent: false };
    return new Promise((resolve, reject) => {
      const sent = url.protocol === 'https:' ? overHttps(url, { ...options, ...tls }) : overHttp(url, options);
      sent.on('error', (error) => reject(this.#lost(error)));
      sent.on('response', (answer) => {
        const code = answer.statusCode ?? 0;
        if (code < 300) return resolve(answer);
        textOf(answer).then((said) => reject(new ClusterRefusal(code, wordsOf(said, code))), reject);
      });
      sent.end(text ?? undefined);
    });
  }

  async #stream(path: string, query: [string, string][]): Promise<WebSocket> {
    const url = this.#urlOf(path, query);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url, ['v4.channel.k8s.io'], { headers: this.#headers(), ...this.#access.tls });
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('error', (error) => reject(this.#lost(error)));
    });
    socket.on('error', () => undefined);
    return socket;
  }

  #lost(error: Error): Error {
    const code = 'code' in error ? String(error.code) : '';
    const where = this.#access.server.host;
    if (['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code))
      return new ConnectionLost(`The Kubernetes API at ${where} does not answer (${code}).`);
    return new StepFailure(`The Kubernetes API at ${where} can't be used: ${error.message}.`);
  }
}

function wordsOf(text: string, code: number): string {
  try {
    return status.parse(JSON.parse(text)).message ?? `status ${code}`;
  } catch {
    return `status ${code}`;
  }
}

async function textOf(answer: Readable): Promise<string> {
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += String(chunk);
  return text;
}
