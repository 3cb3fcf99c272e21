import type { ServerFrame } from '../../../shared/browser-protocol.ts';
import { isErrorCode } from '../../../shared/errors.ts';
import { isRunState } from '../../../shared/run-state.ts';
import { isRecord, isRun, isRunSummary, isSystemSample } from '../guards.ts';
import { readJson } from '../json.ts';

const text = (value: unknown): value is string => typeof value === 'string';
const number = (value: unknown): value is number => typeof value === 'number';
const textOrNull = (value: unknown): boolean => value === null || text(value);

/** One check per frame type. A frame that is not here, or lacks what it should have, is none of ours. */
const CHECKS: Record<ServerFrame['type'], (frame: Record<string, unknown>) => boolean> = {
  hello: (f) => number(f['protocol']) && number(f['window']) && (f['time'] === undefined || text(f['time'])),
  started: (f) => text(f['task_id']) && textOrNull(f['request_id']) && isRunState(f['state']),
  stdout: isOutput,
  stderr: isOutput,
  exit: (f) => text(f['task_id']) && (f['code'] === null || number(f['code'])) && textOrNull(f['signal']),
  cancelled: (f) => text(f['task_id']),
  gap: (f) => text(f['task_id']) && number(f['from']) && number(f['to']),
  attached: (f) => text(f['task_id']) && number(f['cursor']) && number(f['window']) && isRun(f['run']),
  window: (f) => number(f['window']),
  detached: (f) => text(f['task_id']),
  run: (f) => isRunSummary(f['run']),
  system: (f) => isSystemSample(f['sample']),
  subscribed: (f) => text(f['topic']),
  unsubscribed: (f) => text(f['topic']),
  error: (f) => isErrorCode(f['code']) && text(f['data']),
  plugin: (f) => isRecord(f['plugin']) && text(f['plugin']['id']) && text(f['plugin']['state']),
  plugin_event: (f) => text(f['plugin']) && text(f['name']),
  plugin_log: (f) => text(f['plugin']) && Array.isArray(f['lines']) && f['lines'].every((line) => isRecord(line) && text(line['message'])),
  queued: (f) => text(f['request_id']) && text(f['expires_at']),
  pending: () => true,
  reload: () => true,
  host: (f) => typeof f['online'] === 'boolean' && textOrNull(f['last_seen']),
  pong: () => true,
};

function isOutput(f: Record<string, unknown>): boolean {
  return text(f['task_id']) && text(f['data']) && number(f['cursor']);
}

function isServerFrame(value: unknown): value is ServerFrame {
  if (!isRecord(value) || !text(value['type']) || !Object.hasOwn(CHECKS, value['type'])) return false;
  return Object.entries(CHECKS).some(([type, check]) => type === value['type'] && check(value));
}

/** @returns null for what this page does not know: a newer server may say more. @param other gets a system's own frames. */
export function parseFrame(data: unknown, other: (frame: { type: string }) => void = () => undefined): ServerFrame | null {
  const value = text(data) ? readJson(data) : undefined;
  if (isServerFrame(value)) return value;
  if (isRecord(value) && text(value['type']) && value['type'].includes('.')) other({ ...value, type: value['type'] });
  return null;
}
