import { describe, expect, test } from 'vitest';
import { importsOf, violation } from './boundaries.ts';

const refused = (from: string, to: string, typeOnly = false) => violation({ from, to, typeOnly }) !== null;

describe('importsOf', () => {
  test('finds every form of a relative import, and says which are types', () => {
    const text = [
      "import { a } from './a.ts';",
      "import type { B } from '../b.ts';",
      "import {\n  c,\n  type D,\n} from './c.ts';",
      "export { e } from './e.ts';",
      "import './styles.css';",
      "const lazy = () => import('./page.tsx');",
      "import { join } from 'node:path';",
      "export const folder = join(root, '../no-import');",
    ].join('\n');
    expect(importsOf('worker/ui/x.ts', text).map(({ to, typeOnly }) => [to, typeOnly])).toEqual([
      ['worker/ui/a.ts', false],
      ['worker/b.ts', true],
      ['worker/ui/c.ts', false],
      ['worker/ui/e.ts', false],
      ['worker/ui/styles.css', false],
      ['worker/ui/page.tsx', false],
    ]);
  });
});

describe('violation', () => {
  test('edge and agent do not know each other', () => {
    expect(refused('worker/index.ts', 'agent/main.ts')).toBe(true);
    expect(refused('agent/main.ts', 'worker/index.ts')).toBe(true);
    expect(refused('agent/main.ts', 'shared/runs.ts')).toBe(false);
  });
  test('shared imports neither', () => {
    expect(refused('shared/runs.ts', 'agent/config.ts', true)).toBe(true);
    expect(refused('shared/runs.ts', 'shared/limits.ts')).toBe(false);
  });
  test("the page sees the type of the agent's API, and nothing else of it", () => {
    expect(refused('worker/ui/api.ts', 'agent/systems.ts', true)).toBe(false);
    expect(refused('worker/ui/api.ts', 'agent/systems.ts')).toBe(true);
    expect(refused('worker/ui/api.ts', 'agent/agent.ts', true)).toBe(true);
    expect(refused('worker/ui/api.ts', 'worker/index.ts', true)).toBe(true);
  });
  test('embedded sees the few rooms of the agent that it is allowed, and nobody sees embedded', () => {
    expect(refused('embedded/start.ts', 'agent/config-home.ts')).toBe(false);
    expect(refused('embedded/start.ts', 'agent/link/identity.ts')).toBe(false);
    expect(refused('embedded/start.ts', 'agent/link/dial.ts')).toBe(true);
    expect(refused('agent/main.ts', 'embedded/start.ts')).toBe(true);
  });
  test('rooms of the agent point one way, tests excepted', () => {
    expect(refused('agent/systems.ts', 'agent/runs/runs.ts')).toBe(false);
    expect(refused('agent/runs/runs.ts', 'agent/systems.ts', true)).toBe(true);
    expect(refused('agent/settings/settings.ts', 'agent/users/caller.ts')).toBe(false);
    expect(refused('agent/settings/settings.ts', 'agent/users/users.ts')).toBe(true);
    expect(refused('agent/settings/settings.test.ts', 'agent/users/users.ts')).toBe(false);
  });
  test('rooms of the page point one way, types included', () => {
    expect(refused('worker/ui/pages/runs.tsx', 'worker/ui/data/run-calls.ts')).toBe(false);
    expect(refused('worker/ui/data/run-calls.ts', 'worker/ui/parts/field.tsx', true)).toBe(true);
    expect(refused('worker/ui/parts/field.tsx', 'worker/ui/pages/runs.tsx')).toBe(true);
    expect(refused('worker/ui/log-view/rows.ts', 'worker/ui/plugin-frame/frame.ts')).toBe(false);
    expect(refused('worker/ui/pages/runs.tsx', 'worker/ui/routes.ts')).toBe(true);
  });
  test('a new folder must be given its place', () => {
    expect(violation({ from: 'agent/rockets/launch.ts', to: 'agent/config.ts', typeOnly: false })).toContain('no room');
  });
});
