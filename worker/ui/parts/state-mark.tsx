import { Check, CircleSlash, Clock, LoaderCircle, X } from 'lucide-preact';
import type { RunSummary } from '../../../shared/runs.ts';
import { outcome } from '../data/run-calls.ts';
import './state-mark.css';

type Shown = Pick<RunSummary, 'state' | 'exit_code'> & { signal?: string | null };

const ICONS = { live: LoaderCircle, wait: Clock, ok: Check, bad: X, quiet: CircleSlash } as const;

/** A run's state as a small sign, never by colour alone. `bare`: without the word (which is then read out only). */
export function StateMark(props: { run: Shown; bare?: boolean }) {
  const { tone, word } = outcome(props.run);
  const Icon = ICONS[tone];
  return (
    <span class={`mark mark-${tone}`}>
      <Icon size={16} strokeWidth={2.5} aria-hidden="true" />
      <span class={props.bare === true ? 'hush' : ''}>{word}</span>
    </span>
  );
}
