import { constants } from 'node:os';
import type { IPty } from '@lydell/node-pty';

/** The descriptor of a pty, to write into: the library's own queue would turn a processor while a program reads nothing. */
export function descriptorOf(pty: IPty): number {
  if ('fd' in pty && typeof pty.fd === 'number') return pty.fd;
  throw new Error('the library of ptys shows no descriptor');
}

/** The file of its other side, which the program has: `/dev/pts/5`. */
export function fileOf(pty: IPty): string {
  if ('ptsName' in pty && typeof pty.ptsName === 'string') return pty.ptsName;
  throw new Error('the library of ptys shows no file');
}

export function signalName(signal: number): NodeJS.Signals | string {
  return Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? `SIG${signal}`;
}
