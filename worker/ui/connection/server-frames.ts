import type { ServerFrame } from '../../../shared/browser-protocol.ts';
import { isErrorCode } from '../../../shared/errors.ts';
import { isRunState } from '../../../shared/run-state.ts';
import {
  bool,
  type Guard,
  isRecord,
  isRun,
  isRunSummary,
  isSystemSample,
  listOfAll,
  number,
  optional,
  orNull,
  shape,
  text,
} from '../guards.ts';
import { readJson } from '../read-json.ts';

type Frame<Type extends ServerFrame['type']> = Extract<ServerFrame, { type: Type }>;
const isLogLine = shape<Frame<'plugin_log'>['lines'][number]>({ message: text });
const isOutput = { task_id: text, data: text, cursor: number };

/** A guard per type of frame. A frame that is not here, or lacks what it should have, is none of ours. */
const FRAMES: { [Type in ServerFrame['type']]: Guard<Frame<Type>> } = {
  hello: shape<Frame<'hello'>>({ protocol: number, window: number, time: optional(text) }),
  started: shape<Frame<'started'>>({ task_id: text, request_id: orNull(text), state: isRunState }),
  stdout: shape<Frame<'stdout'>>(isOutput),
  stderr: shape<Frame<'stderr'>>(isOutput),
  exit: shape<Frame<'exit'>>({ task_id: text, code: orNull(number), signal: orNull(text) }),
  cancelled: shape<Frame<'cancelled'>>({ task_id: text }),
  gap: shape<Frame<'gap'>>({ task_id: text, from: number, to: number }),
  attached: shape<Frame<'attached'>>({ task_id: text, cursor: number, window: number, run: isRun }),
  window: shape<Frame<'window'>>({ window: number }),
  detached: shape<Frame<'detached'>>({ task_id: text }),
  run: shape<Frame<'run'>>({ run: isRunSummary }),
  // Of workflows, whose pages look at them.
  job: shape<Frame<'job'>>({ job: isRecord }),
  job_step: shape<Frame<'job_step'>>({ step: isRecord }),
  system: shape<Frame<'system'>>({ sample: isSystemSample }),
  subscribed: shape<Frame<'subscribed'>>({ topic: text }),
  unsubscribed: shape<Frame<'unsubscribed'>>({ topic: text }),
  error: shape<Frame<'error'>>({ code: isErrorCode, data: text }),
  plugin: shape<Frame<'plugin'>>({ plugin: shape<Frame<'plugin'>['plugin']>({ id: text, state: text }) }),
  plugin_event: shape<Frame<'plugin_event'>>({ plugin: text, name: text }),
  plugin_log: shape<Frame<'plugin_log'>>({ plugin: text, lines: listOfAll(isLogLine) }),
  queued: shape<Frame<'queued'>>({ request_id: text, expires_at: text }),
  pending: shape<Frame<'pending'>>({}),
  reload: shape<Frame<'reload'>>({}),
  host: shape<Frame<'host'>>({ online: bool, last_seen: orNull(text) }),
  pong: shape<Frame<'pong'>>({}),
};

function isServerFrame(value: unknown): value is ServerFrame {
  return isRecord(value) && isType(value['type']) && FRAMES[value['type']](value);
}

function isType(value: unknown): value is ServerFrame['type'] {
  return text(value) && Object.hasOwn(FRAMES, value);
}

/** @returns null for what this page does not know: a newer server may say more. @param other gets a system's own frames; those of terminals as `{type: 'terminal', frame}`. */
export function parseFrame(data: unknown, other: (frame: { type: string }) => void = () => undefined): ServerFrame | null {
  const value = text(data) ? readJson(data) : undefined;
  if (isRecord(value) && 'terminal_id' in value) {
    const ofTerminal = { type: 'terminal', frame: value };
    other(ofTerminal);
    return null;
  }
  if (isServerFrame(value)) return value;
  if (isRecord(value) && text(value['type']) && value['type'].includes('.')) other({ ...value, type: value['type'] });
  return null;
}
