import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Artifact } from '../../../../shared/artifacts.ts';
import { isFinal } from '../../../../shared/run-state.ts';
import type { Run } from '../../../../shared/runs.ts';
import { agent, read } from '../../api.ts';
import { listOf, number, shape, text } from '../../guards.ts';
import { late } from '../../parts/late.tsx';

const ResultList = late(() => import('./result-list.tsx').then((part) => part.ResultList));

const isArtifacts = listOf(shape<Artifact>({ name: text, size: number, modified_at: text, kind: text }));

/** The files that the run left as its results. */
export function Results({ run }: { run: Run }) {
  const items = useSignal<readonly Artifact[]>([]);
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

  return items.value.length === 0 ? null : <ResultList task={run.task_id} items={items.value} over={over} />;
}
