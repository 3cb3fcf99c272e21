import type { List } from '../../../../shared/api.ts';
import type { Folder } from '../../../../shared/folders.ts';
import type {
  Evidence,
  InjectRequest,
  Insight,
  Orchestrator,
  OrchestratorFrame,
  OrchestratorPatch,
} from '../../../../shared/orchestrators.ts';
import { agent, read, until } from '../../api.ts';
import { connection } from '../../connection/page-connection.ts';
import { bool, isAnything, isRecord, listOf, listOfAll, number, orNull, shape, text } from '../../guards.ts';

/** What the page asks about orchestrators, and hears of them. Each call throws ToruError. */

const isEvidence = shape<Evidence>({ lines: listOfAll(text), cursor: number, digest: text });
const isOrchestrator = shape<Orchestrator>({
  id: text,
  name: text,
  folder: orNull(text),
  enabled: bool,
  stall_s: number,
  notify: bool,
  rule: shape<Orchestrator['rule']>({ enabled: bool, text }),
  open: number,
});
const isInsight = shape<Insight>({
  id: text,
  orchestrator: text,
  terminal: text,
  terminal_name: text,
  kind: text,
  reason: text,
  evidence: isEvidence,
  suggestion: orNull(text),
  created_at: text,
  state: text,
});
const isFolder = shape<Folder>({ id: text, name: text, parent: orNull(text) });

const { orchestrators, folders } = agent;

/** All orchestrators, and what is open of each, newest first. */
export interface Watching {
  items: Orchestrator[];
  insights: Insight[];
}

export async function readWatching(signal?: AbortSignal): Promise<Watching> {
  const { items } = await read(listOf(isOrchestrator), orchestrators.$get({}, until(signal)));
  const open = await Promise.all(
    items.map(({ id }) =>
      read(listOf(isInsight), orchestrators[':id'].insights.$get({ param: { id }, query: { state: 'open', limit: '100' } }, until(signal))),
    ),
  );
  return { items, insights: newestFirst(open.flatMap((list) => list.items)) };
}

export function newestFirst(insights: readonly Insight[]): Insight[] {
  return insights.toSorted((a, b) => (a.created_at < b.created_at ? 1 : -1));
}

export const listFolders = (): Promise<List<Folder>> => read(listOf(isFolder), folders.$get({}));
export const saveOrchestrator = (id: string | null, json: OrchestratorPatch): Promise<Orchestrator> =>
  read(isOrchestrator, id === null ? orchestrators.$post({ json }) : orchestrators[':id'].$patch({ param: { id }, json }));
export const removeOrchestrator = (id: string): Promise<unknown> => read(isAnything, orchestrators[':id'].$delete({ param: { id } }));
export const dismiss = ({ orchestrator, id }: Insight): Promise<unknown> =>
  read(
    isAnything,
    orchestrators[':id'].insights[':insight'].$patch({ param: { id: orchestrator, insight: id }, json: { state: 'dismissed' } }),
  );
export const lookAt = ({ orchestrator, terminal }: Insight): Promise<Evidence> =>
  read(isEvidence, orchestrators[':id'].screens[':terminal'].$get({ param: { id: orchestrator, terminal } }));
export const inject = (id: string, json: InjectRequest): Promise<Evidence> =>
  read(isEvidence, orchestrators[':id'].inject.$post({ param: { id }, json }));

/** @returns stop. */
export function hearOrchestrators(hear: (frame: OrchestratorFrame) => void, caughtUp: () => void): () => void {
  const changed = (frame: unknown): frame is Extract<OrchestratorFrame, { type: 'orchestrators.orchestrator' }> =>
    isRecord(frame) && isOrchestrator(frame['orchestrator']);
  const found = (frame: unknown): frame is Extract<OrchestratorFrame, { type: 'orchestrators.insight' }> =>
    isRecord(frame) && isInsight(frame['insight']);
  const removed = (frame: unknown): frame is Extract<OrchestratorFrame, { type: 'orchestrators.removed' }> =>
    isRecord(frame) && text(frame['id']);
  const stops = [
    connection.onFrame('orchestrators.orchestrator', changed, hear),
    connection.onFrame('orchestrators.insight', found, hear),
    connection.onFrame('orchestrators.removed', removed, hear),
    connection.follow('orchestrators', caughtUp),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
