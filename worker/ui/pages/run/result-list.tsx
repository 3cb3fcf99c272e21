import { useSignal } from '@preact/signals';
import { Download, File, FileText, Image, Table } from 'lucide-preact';
import { lazy } from 'preact-iso';
import type { Artifact } from '../../../../shared/artifacts.ts';
import { bytes } from '../../amounts.ts';
import { t } from '../../translate.ts';
import './results.css';

const Shown = lazy(() => import('./shown-result.tsx').then((part) => part.ShownResult));

const ICONS = { markdown: FileText, text: FileText, table: Table, image: Image, file: File } as const;

/** Of these, the first is open: a report is made to be read. */
const RICH = ['markdown', 'image', 'table'] as const;

/** Files that a run left as its results. @param props.task its id. @param props.over the run has ended. */
export function ResultList({ task, items, over }: { task: string; items: readonly Artifact[]; over: boolean }) {
  const open = useSignal<string | null | undefined>(undefined);
  const first = over ? (RICH.flatMap((rich) => items.filter(({ kind }) => kind === rich))[0]?.name ?? null) : null;
  const shown = open.value === undefined ? first : open.value;
  return (
    <section class="results" aria-label={t('Results')}>
      <ul class="results-list">
        {items.map(({ name, size, kind }) => {
          const Icon = ICONS[kind] ?? File;
          const path = resultPath(task, name);
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
      {items
        .filter(({ name }) => name === shown)
        .map((artifact) => (
          <Shown key={`${artifact.name} ${artifact.modified_at}`} artifact={artifact} path={resultPath(task, artifact.name)} />
        ))}
    </section>
  );
}

function resultPath(taskId: string, name: string): string {
  return `/api/runs/${taskId}/artifacts/${encodeURIComponent(name)}`;
}
