import type { ServerFrame } from '../../shared/browser-protocol.ts';
import { getOrInsert } from '../../shared/get-or-insert.ts';
import { MAX_SOCKETS_PER_SESSION, MAX_SOCKETS_PER_USER, MAX_TOPICS_PER_SOCKET } from '../../shared/limits.ts';
import { CLOSE } from '../../shared/wire.ts';
import type { BrowserState } from './attachment.ts';
import { readAttachment, writeAttachment } from './attachment.ts';
import { ClientPace, SOCKET_PACE, USER_PACE } from './client-pace.ts';
import { Topics } from './edge-topics.ts';
import { closeQuietly, isOpen, sendQuietly } from './quietly.ts';

/**
 * The browsers' sockets of one host. Nothing is queued here: how much may be on its way to a viewer is the agent's to
 * know, which has the credit (workerd buffers without a bound, and tells nobody).
 */
export class Browsers {
  readonly #byConn = new Map<string, WebSocket>();
  readonly #topics = new Topics<WebSocket>();
  /** Not in the attachment: an object sleeps after 10 quiet seconds, and by then every bucket is full. */
  readonly #paces = new WeakMap<WebSocket, ClientPace>();
  /** Of all sockets of a user together. */
  readonly #userPaces = new Map<string, ClientPace>();

  /** @param sockets those that outlived the last object. */
  constructor(sockets: readonly WebSocket[]) {
    for (const socket of sockets) {
      const state = this.state(socket);
      if (state === null || !isOpen(socket)) continue;
      this.#byConn.set(state.conn, socket);
      for (const topic of state.topics) this.#topics.join(topic, socket);
    }
  }

  get size(): number {
    return this.#byConn.size;
  }

  add(socket: WebSocket, state: BrowserState): void {
    writeAttachment(socket, state);
    this.#byConn.set(state.conn, socket);
    // A user who left keeps their pace until they rested: coming back begins nothing again.
    const now = Date.now();
    for (const [sub, pace] of this.#userPaces) if (pace.rested(now)) this.#userPaces.delete(sub);
  }

  /** False when it was removed before. */
  remove(socket: WebSocket): boolean {
    const state = this.state(socket);
    if (state === null) return false;
    for (const topic of state.topics) this.#topics.leave(topic, socket);
    return this.#byConn.delete(state.conn);
  }

  state(socket: WebSocket): BrowserState | null {
    const state = readAttachment(socket);
    return state?.kind === 'browser' ? state : null;
  }

  *states(): Generator<BrowserState> {
    for (const socket of this.#byConn.values()) {
      const state = this.state(socket);
      if (state !== null) yield state;
    }
  }

  sids(): Set<string> {
    return new Set([...this.states()].map((state) => state.sid));
  }

  /** Does this session, or its user in all sessions together, hold as many sockets as it may? */
  crowded({ sid, sub }: { sid: string; sub: string }): boolean {
    const mine = [...this.states()].filter((state) => state.sub === sub);
    return mine.length >= MAX_SOCKETS_PER_USER || mine.filter((state) => state.sid === sid).length >= MAX_SOCKETS_PER_SESSION;
  }

  /** May this socket, and its user on all of theirs, say one more thing now? */
  admit(socket: WebSocket, sub: string, message: string | ArrayBuffer, now: number): boolean {
    const pace = getOrInsert(this.#paces, socket, () => new ClientPace(SOCKET_PACE, now));
    const userPace = getOrInsert(this.#userPaces, sub, () => new ClientPace(USER_PACE, now));
    return pace.admit(message, now) && userPace.admit(message, now);
  }

  send(conn: string, payload: string | Uint8Array): void {
    const socket = this.#byConn.get(conn);
    if (socket !== undefined) sendQuietly(socket, payload);
  }

  publish(topic: string, payload: string | Uint8Array): void {
    for (const socket of this.#topics.of(topic)) sendQuietly(socket, payload);
  }

  toAll(frame: ServerFrame): void {
    const payload = JSON.stringify(frame);
    for (const socket of this.#byConn.values()) sendQuietly(socket, payload);
  }

  /** To who may see what is this user's: themselves, and the admins. */
  toOwner(sub: string, frame: ServerFrame): void {
    for (const socket of this.#byConn.values()) {
      const state = this.state(socket);
      if (state !== null && (state.sub === sub || state.role === 'admin')) tell(socket, frame);
    }
  }

  /** Only the agent joins a socket to a topic. The 65th topic is refused, and the browser told so. */
  join(conn: string, topic: string): void {
    const socket = this.#byConn.get(conn);
    const state = socket === undefined ? null : this.state(socket);
    if (socket === undefined || state === null || state.topics.includes(topic)) return;
    if (state.topics.length >= MAX_TOPICS_PER_SOCKET) {
      tell(socket, {
        type: 'error',
        code: 'too_many_requests',
        data: `One connection can follow ${MAX_TOPICS_PER_SOCKET} things at a time. Detach from some.`,
      });
      return;
    }
    writeAttachment(socket, { ...state, topics: [...state.topics, topic] });
    this.#topics.join(topic, socket);
  }

  leave(conn: string, topic: string): void {
    const socket = this.#byConn.get(conn);
    if (socket !== undefined) this.#leave(socket, topic);
  }

  /** All of them. */
  clear(topic: string): void {
    for (const socket of [...this.#topics.of(topic)]) this.#leave(socket, topic);
  }

  /** Whatever an agent joined went with its link. */
  leaveAll(): void {
    this.#topics.clear();
    for (const socket of this.#byConn.values()) {
      const state = this.state(socket);
      if (state !== null && state.topics.length > 0) writeAttachment(socket, { ...state, topics: [] });
    }
  }

  /** @returns the connections whose grant this is. */
  regrant(sid: string, grant: string, grantExp: number): string[] {
    return this.#ofSession(sid).flatMap((socket) => {
      const state = this.state(socket);
      if (state === null) return [];
      writeAttachment(socket, { ...state, grant, grant_exp: grantExp });
      return [state.conn];
    });
  }

  /** At the agent's word. @returns whether there was such a socket. */
  close(conn: string, code: number, reason: string): boolean {
    const socket = this.#byConn.get(conn);
    if (socket === undefined) return false;
    this.remove(socket);
    closeQuietly(socket, code, reason);
    return true;
  }

  /** @returns the connections that ended. */
  endSession(sid: string): string[] {
    return this.#ofSession(sid).flatMap((socket) => {
      const state = this.state(socket);
      this.remove(socket);
      closeQuietly(socket, CLOSE.session_ended, 'session ended');
      return state === null ? [] : [state.conn];
    });
  }

  #leave(socket: WebSocket, topic: string): void {
    const state = this.state(socket);
    if (state === null || !state.topics.includes(topic)) return;
    writeAttachment(socket, { ...state, topics: state.topics.filter((joined) => joined !== topic) });
    this.#topics.leave(topic, socket);
  }

  #ofSession(sid: string): WebSocket[] {
    return [...this.#byConn.values()].filter((socket) => this.state(socket)?.sid === sid);
  }
}

/** One frame to one browser. */
export function tell(socket: WebSocket, frame: ServerFrame): void {
  sendQuietly(socket, JSON.stringify(frame));
}
