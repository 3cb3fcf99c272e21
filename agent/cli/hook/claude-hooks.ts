import * as z from 'zod';
import { parseJsonOrNull } from '../../../shared/json.ts';
import type { ProgramState } from '../../../shared/terminals.ts';
import { UsageError } from '../io.ts';

/**
 * Claude Code's settings.json: `hooks` by event, each a list of groups `{matcher?, hooks: [{type: "command", command, timeout?}]}`
 * (https://code.claude.com/docs/en/hooks). A hook that prints nothing and ends with 0 changes nothing of what Claude does.
 */

/** What each event says of the terminal. `matcher` of a notification is its type. */
const EVENTS: readonly { event: string; matcher?: string; state: ProgramState }[] = [
  { event: 'UserPromptSubmit', state: 'working' },
  // What was permitted has run.
  { event: 'PostToolUse', matcher: '*', state: 'working' },
  { event: 'PermissionRequest', matcher: '*', state: 'needs-input' },
  { event: 'Notification', matcher: 'permission_prompt|elicitation_dialog', state: 'needs-input' },
  { event: 'Notification', matcher: 'idle_prompt', state: 'idle' },
  { event: 'Stop', state: 'done' },
];
/** Claude waits for its hooks: an agent of ours that does not answer must not hold it up. */
const TIMEOUT_S = 5;
/** Outside of a terminal of Toru nothing is even started. Also what our hooks are found by. */
const GUARD = '[ -z "$TORU_TERMINAL_TOKEN" ] || ';

const settings = z.record(z.string(), z.unknown());
const hooksByEvent = z.record(z.string(), z.array(z.unknown()));
const group = z.looseObject({ hooks: z.array(z.unknown()) });
const ourHook = z.object({
  type: z.literal('command'),
  command: z
    .string()
    .startsWith(GUARD)
    .regex(/ status [a-z-]+(?: 2>|$)/),
});

/** The text of settings.json with our hooks, and with all else that stood there. @param toru what starts this command, as a shell reads it. @throws UsageError */
export function withClaudeHooks(text: string | null, toru: string): string {
  const kept = without(text);
  const hooks = { ...kept.hooks };
  for (const { event, matcher, state } of EVENTS) {
    const command = `${GUARD}${toru} status ${state} 2>/dev/null || true`;
    const made = { ...(matcher === undefined ? {} : { matcher }), hooks: [{ type: 'command', command, timeout: TIMEOUT_S }] };
    hooks[event] = [...(hooks[event] ?? []), made];
  }
  // In the place where it stood.
  return written({ ...kept.all, hooks }, text);
}

/** The text of settings.json without our hooks. @throws UsageError */
export function withoutClaudeHooks(text: string | null): string {
  return written(without(text).all, text);
}

export function hasClaudeHooks(text: string | null): boolean {
  return Object.values(read(text).hooks ?? {}).some((groups) =>
    groups.some((each) => (group.safeParse(each).data?.hooks ?? []).some(isOurs)),
  );
}

interface Read {
  all: Record<string, unknown>;
  hooks: Record<string, unknown[]> | undefined;
}

function without(text: string | null): Read {
  const { all, hooks } = read(text);
  if (hooks === undefined) return { all, hooks };
  const kept = Object.entries(hooks).flatMap(([event, groups]): [string, unknown[]][] => {
    const left = groups.flatMap((each) => {
      const parsed = group.safeParse(each);
      if (!parsed.success || !parsed.data.hooks.some(isOurs)) return [each];
      const others = parsed.data.hooks.filter((hook) => !isOurs(hook));
      return others.length === 0 ? [] : [{ ...parsed.data, hooks: others }];
    });
    return left.length === 0 && groups.length > 0 ? [] : [[event, left]];
  });
  if (kept.length > 0 || Object.keys(hooks).length === 0) {
    const left = Object.fromEntries(kept);
    return { all: { ...all, hooks: left }, hooks: left };
  }
  const { hooks: _ours, ...rest } = all;
  return { all: rest, hooks: undefined };
}

function isOurs(hook: unknown): boolean {
  return ourHook.safeParse(hook).success;
}

function read(text: string | null): Read {
  if (text === null || text.trim() === '') return { all: {}, hooks: undefined };
  const all = settings.safeParse(parseJsonOrNull(text));
  const hooks = hooksByEvent.optional().safeParse(all.data?.['hooks']);
  if (!all.success || !hooks.success)
    throw new UsageError(
      'This file is not JSON as Claude Code reads it: nothing was changed. Correct it first, or name another with --file.',
    );
  return { all: all.data, hooks: hooks.data };
}

/** As it was indented before. */
function written(value: object, before: string | null): string {
  const indent = /^\{\r?\n([ \t]+)/.exec(before ?? '')?.[1] ?? '  ';
  return `${JSON.stringify(value, null, indent)}\n`;
}
