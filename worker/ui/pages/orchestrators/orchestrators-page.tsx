import { useSignal } from '@preact/signals';
import { Eye, EyeOff, Pencil, Plus, Trash2 } from 'lucide-preact';
import { useEffect } from 'preact/hooks';
import type { Insight, Orchestrator, OrchestratorFrame } from '../../../../shared/orchestrators.ts';
import { useResource } from '../../data/resource.ts';
import { Ask } from '../../parts/ask.tsx';
import { Back } from '../../parts/back.tsx';
import { setTo } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Empty, Loading, Problem } from '../../parts/empty.tsx';
import { IconButton } from '../../parts/icon-button.tsx';
import { Line, Listing } from '../../parts/listing.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { Section } from '../../parts/section.tsx';
import { plural, t } from '../../translate.ts';
import type { Watching } from './calls.ts';
import { hearOrchestrators, newestFirst, readWatching, removeOrchestrator } from './calls.ts';
import { InjectSheet } from './inject-sheet.tsx';
import { InsightCard } from './insight-card.tsx';
import { OrchestratorSheet } from './orchestrator-sheet.tsx';
import { stallOf } from './words.ts';
import './orchestrators.css';

/** What orchestrators found, and who they are; live. */
export function OrchestratorsPage() {
  const watching = useResource(readWatching);
  /** The one that is changed; null: a new one. */
  const editing = useSignal<Orchestrator | null | undefined>(undefined);
  const removing = useSignal<Orchestrator | null>(null);
  /** The one that somebody types for: it may go meanwhile, and what was typed stays. */
  const typing = useSignal<Insight | null>(null);
  useEffect(() => hearOrchestrators((frame) => watching.update((now) => changed(now, frame)), watching.again), []);

  const items = watching.data?.items ?? [];
  const insights = watching.data?.insights ?? [];
  const make = (
    <Button
      kind="primary"
      icon={<Plus size={18} aria-hidden="true" />}
      onClick={() => {
        editing.value = null;
      }}
    >
      {t('New orchestrator')}
    </Button>
  );
  return (
    <div class="wide">
      <PageHead
        title={t('Orchestrators')}
        before={<Back href="/terminals" label={t('Terminals')} />}
        lead={t('They watch terminals, and say which of them need somebody.')}
      >
        {items.length > 0 && make}
      </PageHead>
      {watching.problem !== null && (
        <Problem message={watching.problem} action={<Button onClick={() => void watching.reload()}>{t('Try again')}</Button>} />
      )}
      {watching.data === null && watching.problem === null && <Loading what={t('the orchestrators')} rows={4} />}
      {watching.data !== null && items.length === 0 && (
        <Empty title={t('Nobody watches the terminals yet')} action={make}>
          {t('An orchestrator tells of terminals that ask for permission, do not go on, repeat an error or are done.')}
        </Empty>
      )}
      {items.length > 0 && (
        <>
          <Section title={t('Insights')}>
            {insights.length === 0 ? (
              <p class="muted">{t('No terminal needs anybody now.')}</p>
            ) : (
              <ul class="insights" aria-label={t('Insights')}>
                {insights.map((insight) => (
                  <InsightCard key={insight.id} insight={insight} onType={setTo(typing, insight)} />
                ))}
              </ul>
            )}
          </Section>
          <Section title={t('Who watches')} flush>
            <Listing label={t('Who watches')}>
              {items.map((one) => (
                <OrchestratorLine
                  key={one.id}
                  one={one}
                  onEdit={() => {
                    editing.value = one;
                  }}
                  onRemove={() => {
                    removing.value = one;
                  }}
                />
              ))}
            </Listing>
          </Section>
        </>
      )}
      {typing.value !== null && <InjectSheet insight={typing.value} onClose={setTo(typing, null)} />}
      {editing.value !== undefined && (
        <OrchestratorSheet
          of={editing.value}
          onClose={() => {
            editing.value = undefined;
          }}
        />
      )}
      {removing.value !== null && (
        <Ask
          title={t('Remove “{name}”?', { name: removing.value.name })}
          verb={t('Remove')}
          doing={t('Removing…')}
          danger
          onYes={async () => {
            if (removing.value !== null) await removeOrchestrator(removing.value.id);
          }}
          onClose={() => {
            removing.value = null;
          }}
        >
          <p>{t('Its insights go with it. The terminals stay as they are.')}</p>
        </Ask>
      )}
    </div>
  );
}

function OrchestratorLine({ one, onEdit, onRemove }: { one: Orchestrator; onEdit: () => void; onRemove: () => void }) {
  const { name, folder, enabled, open, rule } = one;
  const facts = [
    folder === null ? t('All of this host') : t('A folder'),
    t('stalled after {time}', { time: stallOf(one) }),
    ...(rule.enabled ? [t('types “{text}” by itself', { text: rule.text })] : []),
    enabled ? plural(open, '1 insight', '{count} insights') : t('Does not look'),
  ];
  return (
    <Line
      lead={enabled ? <Eye size={20} aria-hidden="true" /> : <EyeOff size={20} aria-hidden="true" />}
      title={name}
      quiet={!enabled}
      acts={
        <div class="row">
          <IconButton label={t('Change {name}', { name })} icon={<Pencil size={18} aria-hidden="true" />} onClick={onEdit} />
          <IconButton label={t('Remove {name}', { name })} icon={<Trash2 size={18} aria-hidden="true" />} onClick={onRemove} />
        </div>
      }
    >
      <span dir="auto">{facts.join(' · ')}</span>
    </Line>
  );
}

function changed({ items, insights }: Watching, frame: OrchestratorFrame): Watching {
  switch (frame.type) {
    case 'orchestrators.orchestrator': {
      const at = items.findIndex(({ id }) => id === frame.orchestrator.id);
      return { insights, items: at < 0 ? [...items, frame.orchestrator] : items.with(at, frame.orchestrator) };
    }
    case 'orchestrators.removed':
      return {
        items: items.filter(({ id }) => id !== frame.id),
        insights: insights.filter(({ orchestrator }) => orchestrator !== frame.id),
      };
    case 'orchestrators.insight': {
      const others = insights.filter(({ id }) => id !== frame.insight.id);
      return { items, insights: frame.insight.state === 'open' ? newestFirst([frame.insight, ...others]) : others };
    }
  }
}
