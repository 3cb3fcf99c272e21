import { useSignal } from '@preact/signals';
import { ArrowRight, Keyboard, X } from 'lucide-preact';
import type { Insight } from '../../../../shared/orchestrators.ts';
import { sentence } from '../../api.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { When } from '../../parts/when.tsx';
import { toast } from '../../toasts.ts';
import { fromServer, t } from '../../translate.ts';
import { dismiss } from './calls.ts';
import { Lines } from './lines.tsx';
import { kindOf, toneOf } from './words.ts';

/** Something that an orchestrator found: what, where, what stood there, and what can be done. @param props.onType somebody wants to type there. */
export function InsightCard({ insight, onType }: { insight: Insight; onType: () => void }) {
  const busy = useSignal(false);
  const { kind, terminal, terminal_name: name, reason, evidence, suggestion, created_at } = insight;
  async function drop(): Promise<void> {
    busy.value = true;
    try {
      await dismiss(insight);
    } catch (error) {
      toast(sentence(error), 'bad');
    } finally {
      busy.value = false;
    }
  }
  return (
    <li class="insight">
      <header class="insight-head">
        <h3>
          <a href={`/terminals/${terminal}`}>
            <span dir="auto">{name}</span>
          </a>
        </h3>
        <Badge tone={toneOf(kind)}>{kindOf(kind)}</Badge>
        <span class="insight-when muted">
          <When at={created_at} />
        </span>
      </header>
      <p dir="auto">{fromServer('', reason)}</p>
      {evidence.lines.length > 0 && <Lines of={evidence.lines} />}
      <footer class="insight-acts">
        <Button
          kind="ghost"
          icon={<X size={18} aria-hidden="true" />}
          busy={busy.value}
          aria-label={t('Dismiss: {name}', { name })}
          onClick={() => void drop()}
        >
          {t('Dismiss')}
        </Button>
        <a class="btn" href={`/terminals/${terminal}`} aria-label={t('Open {name}', { name })}>
          <ArrowRight size={18} aria-hidden="true" />
          <span>{t('Open')}</span>
        </a>
        {suggestion !== null && (
          <Button
            kind="primary"
            icon={<Keyboard size={18} aria-hidden="true" />}
            aria-label={t('Type into {name}', { name })}
            onClick={onType}
          >
            {t('Type…')}
          </Button>
        )}
      </footer>
    </li>
  );
}
