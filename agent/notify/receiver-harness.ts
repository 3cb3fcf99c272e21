import { createDecipheriv, createECDH, createPublicKey, type ECDH, hkdfSync, randomBytes, verify } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';

/** A server of the tests that messages are sent to: a push service, a server of ntfy, or the receiver of a webhook. */
export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export class TestReceiver {
  readonly received: Received[] = [];
  /** How the next requests are answered; 201 when it is null. */
  answer: ((response: ServerResponse, request: Received) => void) | null = null;
  readonly #server: Server;
  #origin = '';

  private constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  static async listen(): Promise<TestReceiver> {
    const receiver = new TestReceiver();
    await new Promise<void>((listening) => receiver.#server.listen(0, '127.0.0.1', listening));
    const address = receiver.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    receiver.#origin = `http://127.0.0.1:${address.port}`;
    return receiver;
  }

  get origin(): string {
    return this.#origin;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const taken = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(parts) };
    this.received.push(taken);
    if (this.answer === null) response.writeHead(201).end();
    else this.answer(response, taken);
  }
}

/** A browser's subscription, with the secrets that the browser keeps. */
export class TestSubscription {
  readonly #ecdh: ECDH = createECDH('prime256v1');
  readonly #auth = randomBytes(16);
  readonly endpoint: string;

  constructor(origin: string, name = randomBytes(8).toString('hex')) {
    this.#ecdh.generateKeys();
    this.endpoint = `${origin}/push/${name}`;
  }

  /** What `POST /api/notify/devices` takes. */
  get registration() {
    return {
      endpoint: this.endpoint,
      keys: { p256dh: this.#ecdh.getPublicKey('base64url'), auth: this.#auth.toString('base64url') },
      origin: 'https://toru.test',
      name: 'A phone',
    };
  }

  /** Reads a message as the browser does (RFC 8291, RFC 8188), and throws where a browser would drop it. */
  read({ headers, body }: Received): { web_push: number; notification: Record<string, unknown> } {
    if (headers['content-encoding'] !== 'aes128gcm') throw new Error(`encoded as ${headers['content-encoding']}`);
    const salt = body.subarray(0, 16);
    const keyLength = body.readUInt8(20);
    const sender = body.subarray(21, 21 + keyLength);
    const sealed = body.subarray(21 + keyLength);
    const derive = (key: Buffer, by: Buffer, info: Buffer, length: number): Buffer =>
      Buffer.from(hkdfSync('sha256', key, by, info, length));
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), this.#ecdh.getPublicKey(), sender]);
    const secret = derive(this.#ecdh.computeSecret(sender), this.#auth, info, 32);
    const key = derive(secret, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
    const decipher = createDecipheriv('aes-128-gcm', key, derive(secret, salt, Buffer.from('Content-Encoding: nonce\0'), 12));
    decipher.setAuthTag(sealed.subarray(-16));
    const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
    return JSON.parse(plain.subarray(0, plain.lastIndexOf(2)).toString());
  }
}

/** Checks a message's VAPID proof as a push service does (RFC 8292). @returns its claims. */
export function vapidClaims({ headers }: Received): { aud: string; exp: number; sub: string } {
  const [, token = '', key = ''] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(headers.authorization ?? '') ?? [];
  const [head = '', claims = '', signature = ''] = token.split('.');
  const point = Buffer.from(key, 'base64url');
  const jwk = { kty: 'EC', crv: 'P-256', x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url') };
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  const signed = Buffer.from(`${head}.${claims}`);
  if (!verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url')))
    throw new Error('the proof is not signed by its key');
  return JSON.parse(Buffer.from(claims, 'base64url').toString());
}
