import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';
import Database from 'better-sqlite3';

/**
 * Loaded into the agent's process before the agent (`--import`): kills it with -9 at the place that TORU_TEST_CRASH_AT
 * names. The places are found from outside, at the system's own calls, so that the agent needs no hooks:
 *
 *   before-journal   the run's row is written, its transaction is not committed
 *   after-journal    it is committed; nothing was started
 *   before-spawn     the run's files are made
 *   after-spawn      its runner or wrapper was started; nobody has noted its pid
 *   half-order       half a record of `order` is on the disk
 *   before-record    the script has ended and its end is not in the journal
 *   after-record     its end is in the journal, and nobody was told
 */
export const CRASH_POINTS = [
  'before-journal',
  'after-journal',
  'before-spawn',
  'after-spawn',
  'half-order',
  'before-record',
  'after-record',
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

const point = process.env['TORU_TEST_CRASH_AT'];
const TO_SHOW_MS = 500;

function reach(place: CrashPoint): void {
  if (place !== point) return;
  // What was started before its time gets some, to show.
  if (place === 'before-journal') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TO_SHOW_MS);
  // Its effect is immediate: the call does not return.
  process.kill(process.pid, 'SIGKILL');
}

if (point !== undefined) {
  watchDatabase();
  watchSpawn();
  watchOrder();
}

function watchDatabase(): void {
  const { prepare, transaction } = Database.prototype;
  let written: 'start' | 'end' | null = null;
  const watchedPrepare = function (this: unknown, source: string): unknown {
    const statement: unknown = Reflect.apply(prepare, this, [source]);
    const kind = kindOf(source);
    if (kind === null || !isStatement(statement)) return statement;
    const { run } = statement;
    statement.run = (...values) => {
      if (kind === 'end') reach('before-record');
      const result: unknown = Reflect.apply(run, statement, values);
      written = kind;
      if (kind === 'start') reach('before-journal');
      return result;
    };
    return statement;
  };
  const watchedTransaction = function (this: unknown, work: (...values: unknown[]) => unknown): unknown {
    const made = Reflect.apply(transaction, this, [work]);
    // Not around `made` itself: its properties can't be replaced.
    return new Proxy((...values: unknown[]): unknown => Reflect.apply(made, undefined, values), {
      get: (_target, name) => {
        const value: unknown = Reflect.get(made, name);
        if (name !== 'immediate' || typeof value !== 'function') return value;
        return (...values: unknown[]) => {
          const result: unknown = Reflect.apply(value, made, values);
          if (written === 'start') reach('after-journal');
          if (written === 'end') reach('after-record');
          written = null;
          return result;
        };
      },
    });
  };
  Object.assign(Database.prototype, { prepare: watchedPrepare, transaction: watchedTransaction });
}

function kindOf(source: string): 'start' | 'end' | null {
  if (/^\s*INSERT INTO task_history/i.test(source)) return 'start';
  return /^\s*UPDATE task_history SET.*ended_at/is.test(source) ? 'end' : null;
}

function isStatement(value: unknown): value is { run: (...values: unknown[]) => unknown } {
  return typeof value === 'object' && value !== null && 'run' in value && typeof value.run === 'function';
}

function watchSpawn(): void {
  const { spawn } = childProcess;
  const watched = (...call: unknown[]): unknown => {
    const isWrapper = call[0] === '/bin/sh';
    if (isWrapper) reach('before-spawn');
    const child = Reflect.apply(spawn, childProcess, call);
    if (isWrapper) reach('after-spawn');
    const isSpawner = Array.isArray(call[1]) && call[1][0] === 'spawner';
    if (isSpawner && child.stdin instanceof Socket) watchOrders(child.stdin);
    return child;
  };
  Object.assign(childProcess, { spawn: watched });
  syncBuiltinESMExports();
}

/** What the process is told that starts native runners: a message a write. The second number of each says what it is. */
const GO = 2;
function watchOrders(orders: Socket): void {
  const { write } = orders;
  const watched = (...call: unknown[]): unknown => {
    const [message] = call;
    if (!Buffer.isBuffer(message) || message.readUInt32LE(4) !== GO) return Reflect.apply(write, orders, call);
    reach('before-spawn');
    const result: unknown = Reflect.apply(write, orders, call);
    // It is in the kernel's hands by now: Node writes what there is room for at once.
    reach('after-spawn');
    return result;
  };
  Object.assign(orders, { write: watched });
}

/** Flags as `fs.openSync` takes them. */
function mayWrite(flags: unknown): boolean {
  return typeof flags === 'number' ? (flags & fs.constants.O_RDWR) !== 0 : flags === 'r+';
}

function watchOrder(): void {
  const { openSync, writeSync } = fs;
  const orders = new Set<unknown>();
  Object.assign(fs, {
    openSync: (...call: unknown[]): unknown => {
      const fd: unknown = Reflect.apply(openSync, fs, call);
      if (String(call[0]).endsWith('/order') && mayWrite(call[1])) orders.add(fd);
      else orders.delete(fd);
      return fd;
    },
    writeSync: (...call: unknown[]): unknown => {
      const [fd, bytes, , length, position] = call;
      // Not the first one: there has to be something before it that stays good.
      if (point === 'half-order' && orders.has(fd) && Number(position) > 0) {
        // Not in the middle: of two records that would be one whole.
        Reflect.apply(writeSync, fs, [fd, bytes, 0, Math.floor(Number(length) / 2) - 5, position]);
        reach('half-order');
      }
      return Reflect.apply(writeSync, fs, call);
    },
  });
  syncBuiltinESMExports();
}
