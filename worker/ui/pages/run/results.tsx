import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Artifact } from '../../../../shared/artifacts.ts';
import { agent, read } from '../../api.ts';
import { listOf, number, shape, text } from '../../guards.ts';
import { late } from '../../parts/late.tsx';

const ResultList = late(() => import('./result-list.tsx').then((part) => part.ResultList));

const isArtifacts = listOf(shape<Artifact>({ name: text, size: number, modified_at: text, kind: text }));

/** The files that the run left as its results. */
export function Results({ task, over }: { task: string; over: boolean }) {
  const items = useSignal<readonly Artifact[]>([]);
  useEffect(() => {
    read(isArtifacts, agent.runs[':id'].artifacts.$get({ param: { id: task } })).then(
      (list) => {
        items.value = list.items;
      },
      // The output is what people come for: it says by itself when the host is away.
      () => undefined,
    );
  }, [task, over]);

  return items.value.length === 0 ? null : <ResultList task={task} items={items.value} over={over} />;
}
