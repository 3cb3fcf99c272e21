import { createHash } from 'node:crypto';
import type { InsightKind } from '../../shared/orchestrators.ts';
import type { Noted, Watched } from './watched.ts';
import { stallOf } from './watched.ts';

/** Something that a look found. `same`: two of the same kind and terminal that have it are one. */
export interface Finding {
  terminal: string;
  kind: InsightKind;
  same: string;
  reason: string;
  suggestion: string | null;
}

/** The same line so often among the last ones is a loop. */
const LOOP_LINES = 5;
const MAX_NAME = 40;

/** What is to say of a terminal. @param suggestion what its orchestrator's rule would type. */
export function findingsOf(
  now: Watched,
  note: Noted,
  at: number,
  limits: { stallMs: number; longMs: number; suggestion: string },
): Finding[] {
  const { id: terminal, saying, work } = now;
  const found: Finding[] = [];
  const stall = stallOf(now, note, limits.stallMs);
  if (saying.state === 'needs-input')
    found.push({ terminal, kind: 'permission', same: String(saying.at), reason: 'Its program asks for permission.', suggestion: null });
  else if (saying.state === 'done')
    found.push({ terminal, kind: 'done', same: String(saying.at), reason: 'Its program says that it is done.', suggestion: null });
  else if (stall !== null && at >= stall.at)
    found.push({
      terminal,
      kind: 'stalled',
      same: String(stall.since),
      reason:
        saying.state === 'idle'
          ? `Its program waits for input, and printed nothing for ${minutes(at - stall.since)}.`
          : `Nothing was printed and nothing worked for ${minutes(at - stall.since)}.`,
      suggestion: limits.suggestion,
    });
  if (work !== null && !work.prompt && !now.agent && at - work.front.startedAt >= limits.longMs)
    found.push({
      terminal,
      kind: 'long_command',
      same: `${work.front.pid} ${work.front.start}`,
      reason: `“${work.front.name.slice(0, MAX_NAME)}” runs for ${minutes(at - work.front.startedAt)}.`,
      suggestion: null,
    });
  return found;
}

/** An error that comes again and again. @param lines the last ones that were printed. */
export function errorLoopIn(terminal: string, lines: readonly string[]): Finding | null {
  const counts = new Map<string, number>();
  for (const line of lines) {
    if (!/\b(?:error|failed|failure|exception|panic|fatal|traceback)\b/i.test(line)) continue;
    // Times, counters and addresses differ.
    const alike = line.replaceAll(/0x[\da-f]+|\d+/gi, '#').trim();
    counts.set(alike, (counts.get(alike) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  if (most === undefined || most[1] < LOOP_LINES) return null;
  const same = createHash('sha256').update(most[0]).digest('base64url').slice(0, 22);
  return { terminal, kind: 'error_loop', same, reason: `The same error came ${most[1]} times among the last lines.`, suggestion: null };
}

/** Two agent programs that work in one folder write over each other's files. */
export function conflictsAmong(all: readonly Watched[]): Finding[] {
  const byFolder = Map.groupBy(
    all.filter(({ agent, work }) => agent && work?.cwd != null),
    ({ work }) => work?.cwd ?? '',
  );
  return [...byFolder].flatMap(([folder, together]) => {
    if (together.length < 2) return [];
    const same = `${folder} ${together
      .map(({ id }) => id)
      .sort()
      .join(' ')}`;
    const [last] = together.toSorted((a, b) => b.lastOutputAt - a.lastOutputAt);
    const reason = `${together.length} agent programs work in ${folder}. Give each a worktree of its own.`;
    return last === undefined ? [] : [{ terminal: last.id, kind: 'conflict' as const, same, reason, suggestion: null }];
  });
}

function minutes(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
}
