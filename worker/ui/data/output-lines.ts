import { ToruError } from '../../../shared/errors.ts';
import type { OutputLine } from '../../../shared/runs.ts';
import { call } from '../api.ts';
import { number, oneOf, shape, text } from '../guards.ts';
import { t } from '../translate.ts';

/**
 * A part of a run's output over HTTP: pieces, and gaps where something was removed. @param part where it begins, or that it is
 * the end. @throws ToruError.
 */
export async function readOutput(taskId: string, part: { from: number; limit: number } | { tail: number }): Promise<OutputLine[]> {
  const query = new URLSearchParams({
    format: 'jsonl',
    ...Object.fromEntries(Object.entries(part).map(([name, value]) => [name, String(value)])),
  });
  const response = await call(`/api/runs/${encodeURIComponent(taskId)}/output?${query}`, {});
  return (await response.text()).split('\n').flatMap((text) => {
    const line = text === '' ? null : parsed(text);
    return isOutputLine(line) ? [line] : [];
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ToruError('host_timeout', t('The answer broke off. Try again.'), { cause });
  }
}

type Gap = Extract<OutputLine, { gap: object }>;
const isGap = shape<Gap>({ cursor: number, gap: shape<Gap['gap']>({ from: number, to: number }) });
const isPiece = shape<Exclude<OutputLine, Gap>>({ cursor: number, stream: oneOf('stdout', 'stderr'), data: text });

function isOutputLine(value: unknown): value is OutputLine {
  return isGap(value) || isPiece(value);
}
