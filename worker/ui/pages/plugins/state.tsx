import type { PluginState } from '../../../../shared/plugins.ts';
import { Badge } from '../../parts/badge.tsx';
import { msg, t } from '../../translate.ts';

const WORDS: Record<PluginState, { tone: 'plain' | 'live' | 'ok' | 'bad' | 'wait'; word: string }> = {
  new: { tone: 'wait', word: msg('new') },
  disabled: { tone: 'plain', word: msg('off') },
  starting: { tone: 'live', word: msg('starting') },
  running: { tone: 'ok', word: msg('running') },
  waiting: { tone: 'wait', word: msg('crashed, starts again') },
  stopping: { tone: 'wait', word: msg('stopping') },
  failed: { tone: 'bad', word: msg('crashed too often') },
  changed: { tone: 'wait', word: msg('files changed') },
  broken: { tone: 'bad', word: msg('broken') },
  missing: { tone: 'plain', word: msg('files gone') },
};

/** How a plugin stands, in a word or two. */
export function PluginStateBadge({ state }: { state: PluginState }) {
  const { tone, word } = WORDS[state];
  return <Badge tone={tone}>{t(word)}</Badge>;
}
