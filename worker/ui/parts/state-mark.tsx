import { Check, CircleSlash, Clock, LoaderCircle, X } from 'lucide-preact';
import { type Outcome, outcome } from '../data/run-calls.ts';
import './state-mark.css';

type Shown = Parameters<typeof outcome>[0];

const ICONS = { live: LoaderCircle, wait: Clock, ok: Check, bad: X, quiet: CircleSlash } as const;

/** A run's state as a small sign, never by colour alone. `bare`: without the word (which is then read out only). */
export function StateMark(props: { run: Shown; bare?: boolean }) {
  return <OutcomeMark of={outcome(props.run)} bare={props.bare} />;
}

/** The same of whatever else has an outcome. */
export function OutcomeMark({ of: { tone, word }, bare }: { of: Outcome; bare?: boolean | undefined }) {
  const Icon = ICONS[tone];
  return (
    <span class={`mark mark-${tone}`}>
      <Icon size={tone === 'bad' ? 18 : 16} strokeWidth={tone === 'bad' ? 3 : 2.5} aria-hidden="true" />
      <span class={bare === true ? 'hush' : ''}>{word}</span>
    </span>
  );
}
