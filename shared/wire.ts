/** The words of the browser's socket at both ends. They must cost the page nothing: no schema library in here. */

/**
 * The ping and its answer, to the byte: the edge answers them by itself, without waking the object
 * (https://developers.cloudflare.com/durable-objects/api/state/#setwebsocketautoresponse compares exactly).
 */
export const PING = '{"type":"ping"}';
export const PONG = '{"type":"pong"}';

/** The header of a request that changes something: after this time (ISO 8601) it is not done any more. */
export const NOT_AFTER = 'toru-not-after';

/** Why a browser's socket was closed: what the page does next depends on it. */
export const CLOSE = {
  /** The session ended: log in again. */
  session_ended: 4001,
  /** Too many frames or sockets: wait, then come back. */
  too_fast: 1008,
  /** A protocol that the edge or the host does not speak (any more): reload the page. */
  reload: 4010,
  /** Something went wrong that has nothing to do with the session: come back at once. */
  again: 4012,
  /** The host lets nobody in just now, whose session may well live: a clock is wrong, or its home host was away for too long. */
  not_served: 4013,
} as const;

/** In the edge's answer to its front, which takes it out: whose socket that is. */
export const SOCKET_USER = 'x-toru-user';
