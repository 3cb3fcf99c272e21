import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { root } from './root.ts';

/** The imports of each side besides itself: a folder, or one file. `type:` admits `import type` only. The longest side wins. */
const SIDES: Record<string, string[]> = {
  shared: [],
  // Bundled into the package, which has no dependencies.
  'plugin-sdk': ['shared/body-stream', 'shared/line-splitter'],
  agent: ['shared', 'plugin-sdk/src/protocol'],
  worker: ['shared'],
  'worker/ui': ['shared', 'type:agent/systems.ts', 'type:plugin-sdk/src/page.ts'],
  embedded: [
    'shared',
    'agent/signs-of-life',
    'agent/system/package-root',
    'agent/config',
    'agent/entry/own-node',
    'agent/inherited',
    'agent/memory-at-rest',
    'agent/start-error',
    'agent/logger',
    'agent/lock',
    'agent/link/identity',
    'agent/settings',
    'agent/tables',
    'agent/audit',
    'worker/ui/icon-imports',
  ],
  tools: ['shared'],
  bench: ['shared', 'agent', 'embedded', 'plugin-sdk', 'tools', 'test'],
  test: ['shared', 'agent', 'embedded', 'plugin-sdk', 'tools'],
};

/** Further imports of a side's tests. */
const TESTS: Record<string, string[]> = { worker: ['embedded'] };

/**
 * The rooms of a side, lowest first, a room a line: a file imports its own room and those in the lines above it.
 * Tests may look anywhere in their side.
 */
const ROOMS: Record<string, string[][]> = {
  agent: [
    [
      'agent/entry/fetched-node',
      'agent/entry/own-node',
      'agent/inherited',
      'agent/start-error',
      'agent/signs-of-life',
      'agent/system/owners-group',
      'agent/system/changeable',
      'agent/system/folders-above',
      'agent/config',
      'agent/logger',
      'agent/background',
      'agent/lock',
      'agent/memory-at-rest',
      'agent/cpu-share',
      'agent/loop-turns',
      'agent/time-budget',
    ],
    ['agent/users/caller', 'agent/users/permissions', 'agent/users/for-asker'],
    ['agent/http'],
    ['agent/process'],
    ['agent/git'],
    ['agent/store'],
    ['agent/link'],
    ['agent/audit'],
    ['agent/settings'],
    ['agent/users'],
    ['agent/hosts'],
    ['agent/system'],
    ['agent/pty'],
    ['agent/scripts'],
    ['agent/actions'],
    ['agent/uploads'],
    ['agent/workflows/language'],
    ['agent/history'],
    ['agent/logs'],
    ['agent/runner'],
    ['agent/containers'],
    ['agent/secrets'],
    ['agent/runs/wrapper'],
    ['agent/runs/life'],
    ['agent/options'],
    ['agent/runs/submit', 'agent/runs/keep'],
    ['agent/runs'],
    ['agent/folders'],
    ['agent/terminals'],
    ['agent/orchestrators'],
    ['agent/notify'],
    ['agent/workflows'],
    ['agent/worktrees'],
    ['agent/search'],
    ['agent/plugins/installed', 'agent/plugins/protocol'],
    ['agent/plugins/services'],
    ['agent/plugins/launch'],
    ['agent/plugins'],
    ['agent/tables'],
    ['agent/snapshot'],
    ['agent/api'],
    ['agent/systems'],
    ['agent/transports'],
    ['agent/cli'],
    ['agent/agent', 'agent/main'],
    ['agent/entry'],
  ],
  worker: [
    ['worker/migrate', 'worker/result', 'worker/signed-statement', 'worker/icons'],
    // A binding's type names the object's class, which gets the bindings: these know each other.
    ['worker/env', 'worker/session-grant', 'worker/account', 'worker/host'],
    ['worker/http'],
    ['worker/index'],
    ['worker/embedded-page'],
  ],
  'worker/ui': [
    [
      'worker/ui/guards',
      'worker/ui/place-guards',
      'worker/ui/translate',
      'worker/ui/language',
      'worker/ui/rich',
      'worker/ui/read-json',
      'worker/ui/given',
      'worker/ui/navigation',
      'worker/ui/viewed-host',
      'worker/ui/agent-client',
      'worker/ui/time',
      'worker/ui/amounts',
      'worker/ui/formats',
      'worker/ui/clock',
      'worker/ui/theme',
      'worker/ui/toasts',
      'worker/ui/leaving',
      'worker/ui/unsaved',
      'worker/ui/styles',
      'worker/ui/vite.config',
      'worker/ui/chunks',
      'worker/ui/icon-imports',
      'worker/ui/service-worker',
    ],
    ['worker/ui/api', 'worker/ui/own-session', 'worker/ui/connection'],
    ['worker/ui/data', 'worker/ui/title'],
    ['worker/ui/parts'],
    ['worker/ui/log-view', 'worker/ui/plugin-frame'],
    ['worker/ui/pages'],
    ['worker/ui/routes'],
    ['worker/ui/shell'],
    ['worker/ui/app'],
    ['worker/ui/main', 'worker/ui/on-server'],
  ],
};

export interface Import {
  /** Both paths are from the root. */
  from: string;
  to: string;
  typeOnly: boolean;
}

/** The relative imports of a source text. */
export function importsOf(from: string, text: string): Import[] {
  const found = text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^'";=]*?\bfrom\s*)?'(\.[^'?]+)|\bimport\('(\.[^'?]+)/gm);
  return [...found].map(([, type, named, dynamic]) => ({
    from,
    to: normalize(join(dirname(from), named ?? dynamic ?? '')),
    typeOnly: type !== undefined,
  }));
}

/** Why this import is not allowed, or null. */
export function violation({ from, to, typeOnly }: Import): string | null {
  const side = sideOf(from);
  const other = sideOf(to);
  if (side === undefined || other === undefined) return null;
  const isTest = /(\.test\.tsx?$|-harness\.ts$|\/fixtures?\b|^worker\/test\/)/.test(from);
  if (side !== other) {
    const entries = [...(SIDES[side] ?? []), ...(isTest ? (TESTS[side] ?? []) : [])];
    const allowed = entries.some((entry) =>
      entry.startsWith('type:') ? typeOnly && to === entry.slice(5) : other === entry || isIn(to, entry),
    );
    return allowed ? null : `${side} may not import ${to}`;
  }
  if (isTest) return null;
  const rooms = ROOMS[side];
  if (!rooms) return null;
  const [own, their] = [levelOf(from, rooms), levelOf(to, rooms)];
  if (own < 0 || their < 0) return `${own < 0 ? from : to} stands in no room that tools/boundaries.ts knows`;
  return their <= own ? null : `its room stands below that of ${to}`;
}

function sideOf(path: string): string | undefined {
  return longest(Object.keys(SIDES).filter((side) => path.startsWith(`${side}/`)));
}

function levelOf(path: string, rooms: string[][]): number {
  const room = longest(rooms.flat().filter((each) => isIn(path, each)));
  return rooms.findIndex((level) => room !== undefined && level.includes(room));
}

/** `agent/config` holds agent/config.ts, agent/config-home.ts and agent/config/… */
function isIn(path: string, room: string): boolean {
  return path.startsWith(room) && /^[./-]/.test(path.slice(room.length));
}

function longest(names: string[]): string | undefined {
  return names.sort((a, b) => b.length - a.length)[0];
}

if (import.meta.main) {
  const files = globSync(`{${Object.keys(SIDES).join(',')}}/**/*.{ts,tsx}`, { cwd: root });
  const imports = files.flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8')));
  const problems = imports.flatMap((each) => violation(each)?.replace(/^/, `${each.from}: `) ?? []);
  for (const problem of new Set(problems)) process.stdout.write(`${problem}\n`);
  process.stdout.write(`${imports.length} imports in ${files.length} files, ${problems.length} across a boundary\n`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
