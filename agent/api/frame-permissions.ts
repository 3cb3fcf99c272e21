import type { ClientFrame } from '../../shared/browser-protocol.ts';
import type { Permission } from '../users/permissions.ts';
import { admin, any } from '../users/permissions.ts';

/** The permission of each frame of shared/browser-protocol.ts; `run` is split by meaning. A topic asks more of who subscribes. */
export const FRAMES = {
  'run.action': any,
  'run.script': admin,
  cancel: any,
  attach: any,
  detach: any,
  ack: any,
  input: any,
  resize: any,
  subscribe: any,
  unsubscribe: any,
  ping: any,
  // Of a terminal that is shared with who asks, or of any for an admin: looked at there.
  'terminal.attach': any,
  'terminal.detach': any,
  'terminal.ack': any,
  'terminal.input': any,
  'terminal.resize': any,
} as const satisfies Record<string, Permission>;

/** The line that a browser's frame comes under. */
export function frameKey(frame: ClientFrame): keyof typeof FRAMES {
  if (frame.type !== 'run') return frame.type;
  return 'action' in frame ? 'run.action' : 'run.script';
}
