import type { Terminal, TerminalServerFrame } from '../../../../shared/terminals.ts';
import { bool, isRecord, listOfAll, number, orNull, shape, text } from '../../guards.ts';

/** The answers and frames about terminals, as the page looks at them (../../guards.ts). */

export const isTerminal = shape<Terminal>({
  id: text,
  name: text,
  cwd: text,
  folder: orNull(text),
  env_names: listOfAll(text),
  state: text,
  frozen: bool,
  exit_code: orNull(number),
  signal: orNull(text),
  reason: orNull(text),
  cols: number,
  rows: number,
  created_at: text,
  ended_at: orNull(text),
  last_output_at: orNull(text),
  viewers: number,
  attention: text,
  right: text,
});

type Frame<Type extends TerminalServerFrame['type']> = Extract<TerminalServerFrame, { type: Type }>;
const ofTerminal = { terminal_id: text };

const FRAMES = {
  attached: shape<Frame<'attached'>>({ ...ofTerminal, cursor: number, window: number, terminal: isTerminal }),
  output: shape<Frame<'output'>>({ ...ofTerminal, data: text, cursor: number }),
  screen: shape<Frame<'screen'>>({ ...ofTerminal, data: text, cursor: number, cols: number, rows: number }),
  size: shape<Frame<'size'>>({ ...ofTerminal, cols: number, rows: number }),
  answers: shape<Frame<'answers'>>({ ...ofTerminal, answers: bool, from: number }),
  gap: shape<Frame<'gap'>>({ ...ofTerminal, from: number, to: number }),
  exit: shape<Frame<'exit'>>({ ...ofTerminal, code: orNull(number), signal: orNull(text), reason: orNull(text) }),
  detached: shape<Frame<'detached'>>(ofTerminal),
  error: shape<Frame<'error'>>({ ...ofTerminal, code: text, data: text }),
  terminal: shape<Frame<'terminal'>>({ ...ofTerminal, terminal: isTerminal }),
  terminal_removed: shape<Frame<'terminal_removed'>>(ofTerminal),
};

/** What a newer host says beside it is none of ours. */
export function isTerminalFrame(value: unknown): value is TerminalServerFrame {
  if (!isRecord(value)) return false;
  const { type } = value;
  const guards: Readonly<Record<string, (frame: unknown) => boolean>> = FRAMES;
  return text(type) && Object.hasOwn(FRAMES, type) && guards[type]?.(value) === true;
}
