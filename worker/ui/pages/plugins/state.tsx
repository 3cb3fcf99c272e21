import type { PluginState } from '../../../../shared/plugins.ts';
import { Badge } from '../../parts/badge.tsx';

const WORDS: Record<PluginState, { tone: 'plain' | 'live' | 'ok' | 'bad' | 'wait'; word: string }> = {
  new: { tone: 'wait', word: 'new' },
  disabled: { tone: 'plain', word: 'off' },
  starting: { tone: 'live', word: 'starting' },
  running: { tone: 'ok', word: 'running' },
  waiting: { tone: 'wait', word: 'crashed, starts again' },
  stopping: { tone: 'wait', word: 'stopping' },
  failed: { tone: 'bad', word: 'crashed too often' },
  changed: { tone: 'wait', word: 'files changed' },
  broken: { tone: 'bad', word: 'broken' },
  missing: { tone: 'plain', word: 'files gone' },
};

/** How a plugin stands, in a word or two. */
export function PluginStateBadge({ state }: { state: PluginState }) {
  const { tone, word } = WORDS[state];
  return <Badge tone={tone}>{word}</Badge>;
}
