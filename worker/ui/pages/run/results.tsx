import { useSignal } from '@preact/signals';
import { Download, File, FileText, Image, Table } from 'lucide-preact';
import { useEffect } from 'preact/hooks';
import { lazy } from 'preact-iso';
import type { Artifact } from '../../../../shared/artifacts.ts';
import { isFinal } from '../../../../shared/run-state.ts';
import type { Run } from '../../../../shared/runs.ts';
import { agent, read } from '../../api.ts';
import { listOf, number, shape, text } from '../../guards.ts';
import { bytes } from '../../time.ts';
import { t } from '../../translate.ts';
import './results.css';

const Shown = lazy(async () => (await import('./shown-result.tsx')).ShownResult);

const isArtifacts = listOf(shape<Artifact>({ name: text, size: number, modified_at: text, kind: text }));
const ICONS = { markdown: FileText, text: FileText, table: Table, image: Image, file: File } as const;

/** Of these, the first is open: a report is made to be read. */
const RICH = ['markdown', 'image', 'table'] as const;

/** The files that the run left as its results. */
export function Results({ run }: { run: Run }) {
  const items = useSignal<readonly Artifact[]>([]);
  const open = useSignal<string | null | undefined>(undefined);
  const over = isFinal(run.state);
  useEffect(() => {
    read(isArtifacts, agent.runs[':id'].artifacts.$get({ param: { id: run.task_id } })).then(
      (list) => {
        items.value = list.items;
      },
      // The output is what people come for: it says by itself when the host is away.
      () => undefined,
    );
  }, [run.task_id, over]);

  const all = items.value;
  if (all.length === 0) return null;
  const first = over ? (RICH.flatMap((rich) => all.filter(({ kind }) => kind === rich))[0]?.name ?? null) : null;
  const shown = open.value === undefined ? first : open.value;
  return (
    <section class="results" aria-label={t('Results')}>
      <ul class="results-list">
        {all.map(({ name, size, kind }) => {
          const Icon = ICONS[kind] ?? File;
          const path = resultPath(run.task_id, name);
          return (
            <li key={name}>
              {kind !== 'file' && kind in ICONS ? (
                <button
                  type="button"
                  class="result"
                  aria-expanded={shown === name}
                  onClick={() => {
                    open.value = shown === name ? null : name;
                  }}
                >
                  <Icon size={18} aria-hidden="true" />
                  <span class="cut" dir="auto">
                    {name}
                  </span>
                  <span class="muted small">{bytes(size)}</span>
                </button>
              ) : (
                <span class="result">
                  <Icon size={18} aria-hidden="true" />
                  <span class="cut" dir="auto">
                    {name}
                  </span>
                  <span class="muted small">{bytes(size)}</span>
                </span>
              )}
              <a class="btn btn-ghost btn-square" href={path} download={name} aria-label={t('Download {name}', { name })}>
                <Download size={18} aria-hidden="true" />
              </a>
            </li>
          );
        })}
      </ul>
      {all
        .filter(({ name }) => name === shown)
        .map((artifact) => (
          <Shown key={`${artifact.name} ${artifact.modified_at}`} artifact={artifact} path={resultPath(run.task_id, artifact.name)} />
        ))}
    </section>
  );
}

function resultPath(taskId: string, name: string): string {
  return `/api/runs/${taskId}/artifacts/${encodeURIComponent(name)}`;
}
