import * as z from 'zod';
import { uuid as terminalId } from '../../../shared/ids.ts';

/**
 * The language of the pty host's socket: a line of JSON each. A host outlives the agent that started it, so a newer agent meets older
 * hosts: fields are only ever added, and a host of another protocol is left alone until its last terminal ends.
 */
export const HOST_PROTOCOL = 1;
/** One line holds one frame of input at most, each byte of it escaped. */
export const MAX_LINE = 1024 * 1024;

const seq = z.int().nonnegative();
const size = { cols: z.int().positive(), rows: z.int().positive() };

/** What runs in a terminal, where, and in which environment: all of it, the host adds nothing of its own but TERM and PWD. */
export const openOrder = z.object({
  type: z.literal('open'),
  seq,
  id: terminalId,
  /** The terminal's own folder, which is there. */
  folder: z.string(),
  file: z.string(),
  args: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  cwd: z.string(),
  /** A folder of cgroup2 that is there; null: none. */
  cgroup: z.string().nullable(),
  ...size,
});
export type OpenOrder = z.infer<typeof openOrder>;

/** From the agent. */
export const toHost = z.discriminatedUnion('type', [
  openOrder,
  z.object({ type: z.literal('input'), seq, id: terminalId, data: z.string() }),
  z.object({ type: z.literal('resize'), seq, id: terminalId, ...size }),
  /** Nothing is read of the pty while it is paused: its program waits. */
  z.object({ type: z.literal('flow'), id: terminalId, paused: z.boolean() }),
]);
export type ToHost = z.infer<typeof toHost>;

/** What a program said to its terminal since it began, counted, so that nothing is lost while no agent is there (signals.ts). */
const signals = z.object({
  bells: z.int(),
  notices: z.int(),
  /** The text of the last one. */
  notice: z.string().nullable(),
  progress: z.enum(['none', 'going', 'paused', 'failed']),
  /** How often a progress came to its end. */
  ends: z.int(),
  /** Does it draw on the alternate screen? */
  alternate: z.boolean(),
  /** Does it take a paste in brackets? */
  paste: z.boolean(),
});
export type Signals = z.infer<typeof signals>;

/** A terminal that runs, as its host knows it. `start` as in ProcessIdentity. */
const held = z.object({
  id: terminalId,
  pid: z.int(),
  start: z.string(),
  end: z.int(),
  ...size,
  /** Absent: the host is older. */
  signals: signals.optional(),
});
export type HeldTerminal = z.infer<typeof held>;

/** From the host. */
export const fromHost = z.discriminatedUnion('type', [
  /** The first line of a connection. */
  z.object({ type: z.literal('hello'), protocol: z.int(), version: z.string(), terminals: z.array(held) }),
  z.object({ type: z.literal('done'), seq, held: held.nullable() }),
  z.object({ type: z.literal('refused'), seq, code: z.enum(['unknown', 'full', 'failed']), message: z.string() }),
  /** The log has so many bytes, up to the last full character. */
  z.object({ type: z.literal('grew'), id: terminalId, end: z.int() }),
  z.object({ type: z.literal('signals'), id: terminalId, signals }),
  z.object({ type: z.literal('exited'), id: terminalId, code: z.int().nullable(), signal: z.string().nullable(), end: z.int() }),
]);
export type FromHost = z.infer<typeof fromHost>;

/** In the file `<name>.json` beside a host's socket, written before it listens. */
export const hostRecord = z.object({
  pid: z.int(),
  start: z.string(),
  boot: z.string(),
  protocol: z.int(),
  version: z.string(),
});
export type HostRecord = z.infer<typeof hostRecord>;

/** In the file `exit` of a terminal's folder: how its program ended. */
export const exitRecord = z.object({ code: z.int().nullable(), signal: z.string().nullable(), end: z.int(), at: z.int() });
export type ExitRecord = z.infer<typeof exitRecord>;

export function encodeLine(message: ToHost | FromHost): string {
  return `${JSON.stringify(message)}\n`;
}
