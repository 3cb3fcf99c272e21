import { mkdtempSync, statSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { fromBase64Url, randomHex, toBase64Url } from '../../shared/encoding.ts';
import { purposed } from '../../shared/grant.ts';
import { BACKOFF_HEALTHY_MS, OLDEST_PROTOCOL, PROTOCOL_VERSION } from '../../shared/limits.ts';
import type { EdgeControl, LinkChallenge, LinkProof } from '../../shared/link-protocol.ts';
import { LINK_CLOSE, LINK_DIAL_HEADER, linkDial, linkProof, linkStatement } from '../../shared/link-protocol.ts';
import { until } from '../until.ts';
import type { KeyPin } from './dial.ts';
import { EdgePin, unpin } from './edge-pin.ts';
import type { Identity } from './identity.ts';
import { loadIdentity, verifyWith } from './identity.ts';
import type { LinkListener, LinkSession } from './link.ts';
import { Link } from './link.ts';

const INSTALLATION = '6f9619ff-8b86-4d01-b42d-00c04fc964ff';
const HOST = '0f8fad5b-d9cb-469f-a165-70867728950e';
const identity = loadIdentity(mkdtempSync(join(tmpdir(), 'toru-link-')));
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** A WebSocket server that speaks the edge's part of the handshake, and then does what the test says. */
interface Connected {
  proof: LinkProof;
  nonce: string;
  /** Everything that is sent in there goes out in one packet. */
  onePacket: (send: () => void) => void;
  /** From now on this end says Close and never hangs up. */
  neverHangUp: () => void;
}

async function edge(
  after: (socket: WebSocket, connected: Connected) => void,
  protocol = PROTOCOL_VERSION,
  prove: (said: { edge_nonce: string; agent_nonce: string; origin: string }) => LinkChallenge['edge'] = () => undefined,
) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  const sockets = new Set<WebSocket>();
  server.on('connection', (socket, request) => {
    sockets.add(socket);
    const onePacket = (send: () => void): void => {
      request.socket.cork();
      send();
      request.socket.uncork();
    };
    const neverHangUp = (): void => {
      request.socket.end = () => request.socket;
    };
    const nonce = randomHex(32);
    const { agent_nonce } = linkDial.parse(request.headers[LINK_DIAL_HEADER]);
    const proof = prove({ edge_nonce: nonce, agent_nonce, origin: `http://${request.headers.host}` });
    socket.send(JSON.stringify({ type: 'challenge', protocol, edge_nonce: nonce, installation: INSTALLATION, edge: proof }));
    socket.once('message', (data) => after(socket, { proof: linkProof.parse(JSON.parse(data.toString())), nonce, onePacket, neverHangUp }));
  });
  cleanups.push(() => {
    for (const socket of sockets) socket.terminate();
    return new Promise((resolve) => server.close(resolve));
  });
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { origin: `http://127.0.0.1:${address.port}`, sockets };
}

const welcome = (epoch: string): string => `control\0${JSON.stringify({ type: 'welcome', epoch, protocol: PROTOCOL_VERSION })}`;

class Listener implements LinkListener {
  readonly events: string[] = [];
  session: LinkSession | null = null;

  up(session: LinkSession): void {
    this.session = session;
    this.events.push(`up ${session.epoch}`);
  }

  control(message: EdgeControl): void {
    this.events.push(message.type);
  }

  text(topic: string, payload: string): void {
    this.events.push(`${topic} ${payload}`);
  }

  binary(topic: string, payload: Uint8Array): void {
    this.events.push(`${topic} ${payload.length}`);
  }

  down(): void {
    this.session = null;
    this.events.push('down');
  }
}

function start(origin: string, name = () => 'test', pin?: KeyPin) {
  const listener = new Listener();
  const warnings: string[] = [];
  const log = { info: () => undefined, warn: (detail: object) => warnings.push(JSON.stringify(detail)) };
  const self = () => ({ id: HOST, name: name(), version: '0' });
  const link = new Link({ edge: { url: origin, origin }, identity, self, listener, log, ...(pin === undefined ? {} : { pin }) });
  cleanups.push(() => link.stop());
  link.start();
  return { link, listener, warnings };
}

test('the proof covers both nonces, the origin, the installation and the host, and nothing after the welcome is lost', async () => {
  let proven = false;
  const { origin } = await edge((socket, { proof, nonce: edge_nonce, onePacket }) => {
    const statement = linkStatement({
      edge_nonce,
      agent_nonce: proof.agent_nonce,
      origin: proof.origin,
      installation: INSTALLATION,
      host: proof.host,
    });
    proven = verifyWith(identity.publicKey, purposed('link', statement), fromBase64Url(proof.signature));
    onePacket(() => {
      socket.send(welcome('e1'));
      socket.send('c/00112233445566aa\0{"type":"ping"}');
      socket.send(Buffer.from('h/00112233445566aa\0H{}'));
    });
  });
  const { listener, link } = start(origin);
  await until(() => listener.events.length === 3);
  expect(proven).toBe(true);
  expect(listener.events).toEqual(['up e1', 'c/00112233445566aa {"type":"ping"}', 'h/00112233445566aa 3']);
  expect(link.status).toMatchObject({ connected: true, error: null });
});

test('it comes back after a loss, under a new epoch, and says goodbye when it stops', async () => {
  let links = 0;
  const said: string[] = [];
  const { origin } = await edge((socket) => {
    links += 1;
    socket.on('message', (data) => said.push(data.toString()));
    socket.send(welcome(`e${links}`));
    if (links === 1) setTimeout(() => socket.terminate(), 10);
  });
  const { listener, link } = start(origin);
  await until(() => listener.events.includes('up e2'));
  expect(listener.events).toEqual(['up e1', 'down', 'up e2']);
  await link.stop();
  expect(listener.events.at(-1)).toBe('down');
  await until(() => said.some((text) => text.startsWith('control\0') && text.includes('"bye"')));
});

test('each proof says what the host is called by then', async () => {
  const names: string[] = [];
  const { origin } = await edge((socket, { proof }) => {
    names.push(proof.name);
    socket.send(welcome(`e${names.length}`));
    if (names.length === 1) setTimeout(() => socket.terminate(), 10);
  });
  const { listener } = start(origin, () => (names.length === 0 ? 'cellar' : 'attic'));
  await until(() => listener.events.includes('up e2'));
  expect(names).toEqual(['cellar', 'attic']);
});

test('each loss waits longer, at random up to 0.5 s · 2ⁿ; a link that was healthy for a minute begins again', async () => {
  let [links, later] = [0, 0];
  const { origin, sockets } = await edge((socket) => {
    links += 1;
    socket.send(welcome(`e${links}`));
  });
  const now = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => now() + later);
  vi.spyOn(Math, 'random').mockReturnValue(0.1);
  cleanups.push(() => vi.restoreAllMocks());
  const { listener, warnings } = start(origin);
  for (let n = 1; n <= 5; n += 1) {
    await until(() => listener.events.includes(`up e${n}`));
    if (n === 3) later = BACKOFF_HEALTHY_MS;
    for (const socket of sockets) socket.terminate();
  }
  await until(() => warnings.length === 5);
  expect(warnings.map((line) => JSON.parse(line).retry_ms)).toEqual([100, 200, 50, 100, 200]);
});

test('an edge that says Close and does not hang up is left within a second, not after thirty', async () => {
  let links = 0;
  const { origin } = await edge((socket, { neverHangUp }) => {
    links += 1;
    socket.send(welcome(`e${links}`));
    if (links > 1) return;
    neverHangUp();
    socket.close(4409, 'a newer link of this host');
  });
  const { listener } = start(origin);
  await until(() => listener.events.includes('up e2'));
  expect(listener.events).toEqual(['up e1', 'down', 'up e2']);
});

test('what an edge says that this version does not know changes nothing', async () => {
  const { origin } = await edge((socket) => {
    socket.send(welcome('e1'));
    socket.send('control\0{"type":"from the future"}');
    socket.send('control\0not json');
    socket.send('no topic at all');
    socket.send('c/00112233445566aa\0still here');
  });
  const { listener } = start(origin);
  await until(() => listener.events.length === 2);
  expect(listener.events[1]).toBe('c/00112233445566aa still here');
});

test('a server that is no edge gives a reason in words, and is tried again', async () => {
  const { origin, sockets } = await edge((socket) => socket.send('hello?'));
  const { link, warnings } = start(origin);
  await until(() => warnings.length > 0);
  expect(link.status.connected).toBe(false);
  expect(warnings[0]).toContain('before its welcome');
  await until(() => sockets.size >= 2);
});

test.each([PROTOCOL_VERSION, PROTOCOL_VERSION + 7])(
  'it links to an edge of protocol %i, and says what it speaks itself',
  async (protocol) => {
    let said = 0;
    const { origin } = await edge((socket, { proof }) => {
      said = proof.protocol;
      socket.send(welcome('e1'));
    }, protocol);
    const { listener } = start(origin);
    await until(() => listener.events.length === 1);
    expect(said).toBe(PROTOCOL_VERSION);
  },
);

test('an edge that is too old is told from one that is no edge, with what to update', async () => {
  const { origin, sockets } = await edge(() => undefined, OLDEST_PROTOCOL - 1);
  const { link, warnings } = start(origin);
  await until(() => sockets.size >= 2);
  expect(warnings[0]).toContain('Update the edge.');
  expect(link.status.error).toContain(`speaks protocol ${OLDEST_PROTOCOL - 1}, this host ${OLDEST_PROTOCOL} and newer`);
});

test('what an edge that finds us too old says is shown as it stands', async () => {
  const reason = 'this host speaks protocol 1, the edge 3 and newer. Update the host.';
  const { origin } = await edge((socket) => socket.close(LINK_CLOSE.protocol, reason), PROTOCOL_VERSION + 2);
  const { warnings } = start(origin);
  await until(() => warnings.length > 0);
  expect(warnings[0]).toContain(reason);
});

/** The proof of an edge with that key. */
const provenBy =
  (key: Identity, host = HOST) =>
  (said: { edge_nonce: string; agent_nonce: string; origin: string }): LinkChallenge['edge'] => ({
    key: toBase64Url(key.publicKey),
    signature: toBase64Url(key.sign(purposed('edge', linkStatement({ ...said, installation: INSTALLATION, host })))),
  });
const newKey = (): Identity => loadIdentity(mkdtempSync(join(tmpdir(), 'toru-edge-key-')));

test('the key of the first link is pinned; afterwards another key, or none, hears nothing of this host', async () => {
  const home = mkdtempSync(join(tmpdir(), 'toru-pin-'));
  const [first, second] = [newKey(), newKey()];
  let proves: LinkChallenge['edge'] | ((said: { edge_nonce: string; agent_nonce: string; origin: string }) => LinkChallenge['edge']) =
    provenBy(first);
  let proofs = 0;
  const { origin, sockets } = await edge(
    (socket) => {
      proofs += 1;
      socket.send(welcome('e'));
    },
    PROTOCOL_VERSION,
    (said) => (typeof proves === 'function' ? proves(said) : proves),
  );
  const pin = new EdgePin(home, { origin });
  expect(pin.key).toBeNull();
  const one = start(origin, undefined, pin);
  await until(() => one.listener.session !== null);
  expect(new EdgePin(home, { origin }).key).toBe(toBase64Url(first.publicKey));
  expect(statSync(join(home, 'edge-pins.json')).mode & 0o777).toBe(0o600);
  await one.link.stop();

  for (const [imposter, message] of [
    [provenBy(second), toBase64Url(second.publicKey)],
    [undefined, 'did not prove the key that this host has pinned'],
    // The right key, and a signature that was made for another host.
    [provenBy(first, INSTALLATION), 'did not prove its key'],
  ] as const) {
    proves = imposter;
    const asked = start(origin, undefined, pin);
    await until(() => asked.link.status.error !== null);
    expect(asked.link.status.error).toContain(message);
    await asked.link.stop();
  }
  expect(proofs).toBe(1);

  // `toru key unpin`, and the next one is pinned.
  proves = provenBy(second);
  unpin(home);
  const after = start(origin, undefined, pin);
  await until(() => after.listener.session !== null);
  expect(pin.key).toBe(toBase64Url(second.publicKey));
  expect(sockets.size).toBeGreaterThan(0);
});

test('a key that was given is insisted on from the first link on', async () => {
  const { origin } = await edge((socket) => socket.send(welcome('e')), PROTOCOL_VERSION, provenBy(newKey()));
  const { link } = start(
    origin,
    undefined,
    new EdgePin(mkdtempSync(join(tmpdir(), 'toru-pin-')), { origin, key: toBase64Url(newKey().publicKey) }),
  );
  await until(() => link.status.error !== null);
  expect(link.status).toMatchObject({ connected: false, error: expect.stringContaining('toru key unpin') });
});

test('an agent whose key another one is linked with says so, and dials seldom', async () => {
  let dials = 0;
  const { origin } = await edge((socket) => {
    dials += 1;
    socket.close(LINK_CLOSE.duplicate_host, 'duplicate_host');
  });
  const { link, warnings } = start(origin);
  await until(() => warnings.length === 1);
  expect(link.status.error).toContain('toru key rotate');
  expect(JSON.parse(warnings[0] ?? '').retry_ms).toBeGreaterThanOrEqual(60_000);
  expect(dials).toBe(1);
});

test('what an edge says and nobody can take ends neither the link nor the process', async () => {
  const { origin } = await edge((socket) => {
    socket.send(welcome('e'));
    for (const at of [9e15, -1, 1.5]) socket.send(`control\0${JSON.stringify({ type: 'duplicate', at, address: 'a', name: 'n' })}`);
    socket.send('c/1\0throws');
    socket.send(Buffer.from('h/1\0throws'));
    socket.send(`control\0${JSON.stringify({ type: 'revoked', id: 'r' })}`);
  });
  const { listener, warnings } = start(origin);
  listener.text = listener.binary = () => {
    throw new RangeError('Invalid time value');
  };
  await until(() => listener.events.includes('revoked'));
  expect(listener.events).toEqual(['up e', 'revoked']);
  expect(warnings).toHaveLength(5);
});

test.each([1e300, -1, 1.5, 1e15])('a time of %d is none that an edge can teach a host', async (now) => {
  const times: (number | null)[] = [];
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    verifyClient: ({ req }: { req: IncomingMessage }, answer: (ok: boolean, code?: number, body?: string) => void) => {
      times.push(linkDial.safeParse(req.headers[LINK_DIAL_HEADER]).data?.time ?? null);
      answer(false, 401, JSON.stringify({ error: { code: 'clock_skew', message: '', now } }));
    },
  });
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  await new Promise((resolve) => server.once('listening', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  start(`http://127.0.0.1:${address.port}`);
  await until(() => times.length === 2);
  expect(Math.abs((times[1] ?? 0) - Date.now())).toBeLessThan(60_000);
});

test('a host whose clock is an hour behind learns the time from the edge, and links with its next dial', async () => {
  const HOUR = 3_600_000;
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    verifyClient: ({ req }: { req: IncomingMessage }, answer: (ok: boolean, code?: number, body?: string) => void) => {
      const { time } = linkDial.parse(req.headers[LINK_DIAL_HEADER]);
      const now = Date.now() + HOUR;
      answer(Math.abs(now - time) < 60_000, 401, JSON.stringify({ error: { code: 'clock_skew', message: '', now } }));
    },
  });
  cleanups.push(() => {
    for (const socket of server.clients) socket.terminate();
    return new Promise((resolve) => server.close(resolve));
  });
  await new Promise((resolve) => server.once('listening', resolve));
  server.on('connection', (socket) => {
    socket.send(JSON.stringify({ type: 'challenge', protocol: PROTOCOL_VERSION, edge_nonce: randomHex(32), installation: INSTALLATION }));
    socket.once('message', () => socket.send(welcome('e')));
  });
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { listener, warnings } = start(`http://127.0.0.1:${address.port}`);
  await until(() => listener.session !== null);
  expect(warnings.map((line) => JSON.parse(line).retry_ms)).toEqual([0]);
});
