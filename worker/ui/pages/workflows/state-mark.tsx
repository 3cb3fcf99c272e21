import { CircleDashed } from 'lucide-preact';
import type { Outcome } from '../../data/run-calls.ts';
import { OutcomeMark } from '../../parts/state-mark.tsx';
import { outcomeOf, type Stateful } from './job-words.ts';

/** The state of a job or a step as a small sign. What has not begun looks other than what was left out. */
export function JobMark({ of, bare }: { of: Stateful; bare?: boolean }) {
  const outcome: Outcome = outcomeOf(of);
  if (of.state !== 'pending') return <OutcomeMark of={outcome} bare={bare} />;
  return (
    <span class="mark mark-quiet">
      <CircleDashed size={16} strokeWidth={2.5} aria-hidden="true" />
      <span class={bare === true ? 'hush' : ''}>{outcome.word}</span>
    </span>
  );
}
