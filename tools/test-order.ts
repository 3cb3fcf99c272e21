import { relative } from 'node:path';
import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';
import { root } from './root.ts';

/**
 * Test files that wait for real deadlines and pauses, a minute or so each, between some that work: these are started first, so
 * that none is left to wait alone at the end.
 */
const FIRST = [
  'test/browser/offline.test.ts',
  'test/browser/action-app.test.ts',
  'test/faults/slow-line.test.ts',
  'test/browser/plugin-pages.test.ts',
  'worker/test/waits.test.ts',
  'test/browser/press.test.ts',
  'test/faults/half-open.test.ts',
  'test/browser/twice.test.ts',
  'test/faults/hung.test.ts',
  'worker/test/host-alerts.test.ts',
  'test/faults/notify.test.ts',
];

/** Then project by project: files of the same one go on in the same process. Those with many small files come last, and fill up. */
const PROJECTS = ['browser', 'faults', 'integration', 'shell', 'edge', 'unit', 'pure'];

/** Within a project the longest first. A file that is not named comes after them, in Vitest's own order: this is about time only. */
const LONG = [
  'test/browser/walks.test.ts',
  'test/browser/hosts-press.test.ts',
  'test/browser/every-page.test.ts',
  'test/browser/terminal-page.test.ts',
  'test/browser/terminal-use.test.ts',
  'test/browser/hosts.test.ts',
  'test/browser/schedules.test.ts',
  'test/browser/languages.test.ts',
  'test/browser/requests.test.ts',
  'test/browser/keyboard.test.ts',
  'test/browser/terminal-phone.test.ts',
  'test/browser/right-to-left.test.ts',
  'test/browser/host-prefix.test.ts',
  'test/browser/questions.test.ts',
  'test/browser/away.test.ts',
  'test/browser/workflows.test.ts',
  'test/browser/run-terminal.test.ts',
  'test/browser/runs.test.ts',
  'test/browser/orchestrators.test.ts',
  'test/browser/home.test.ts',
  'test/browser/log-tools.test.ts',
  'test/browser/typed.test.ts',
  'test/browser/follow.test.ts',
  'test/browser/notify.test.ts',
  'test/browser/forms.test.ts',
  'test/browser/users.test.ts',
  'test/browser/search.test.ts',
  'test/browser/arrange.test.ts',
  'test/browser/colours.test.ts',
  'test/browser/reauth.test.ts',
  'test/browser/login.test.ts',
  'test/browser/log.test.ts',
  'test/browser/phone.test.ts',
  'test/browser/scripts.test.ts',
  'test/browser/device-code.test.ts',
  'test/browser/palette.test.ts',
  'test/browser/terminals.test.ts',
  'test/browser/secrets.test.ts',
  'test/faults/crash-points.test.ts',
  'test/faults/model.test.ts',
  'test/faults/plugin-orphans.test.ts',
  'test/faults/network.test.ts',
  'test/faults/frames.test.ts',
  'test/faults/terminals.test.ts',
  'test/faults/cancel-all.test.ts',
  'test/faults/disk-full.test.ts',
  'test/faults/restarts.test.ts',
  'test/integration/pairing.test.ts',
  'test/integration/plugins-examples.test.ts',
  'test/integration/recover.test.ts',
  'test/integration/run-on-hosts.test.ts',
  'test/integration/plugin-cli.test.ts',
  'test/integration/hosts.test.ts',
  'test/integration/first-day.test.ts',
  'test/integration/start.test.ts',
  'test/integration/home-move.test.ts',
  'test/integration/press.test.ts',
  'test/integration/uploads.test.ts',
  'test/integration/login.test.ts',
  'test/integration/contract.test.ts',
  'test/integration/snapshot.test.ts',
  'test/integration/first-host.test.ts',
  'test/integration/compression.test.ts',
  'agent/runs/life/stop.test.ts',
  'agent/runs/life/recovery.test.ts',
  'agent/runs/runs.test.ts',
  'agent/runs/life/tty.test.ts',
  'agent/runs/life/story.test.ts',
  'worker/test/login.test.ts',
  'worker/test/pair.test.ts',
  'worker/test/claim.test.ts',
  'worker/test/home-host.test.ts',
  'worker/test/tunnel.test.ts',
  'worker/test/host-list.test.ts',
  'agent/workflows/clock-changes.test.ts',
  'agent/workflows/docker-steps.test.ts',
  'agent/workflows/language/values-never-code.test.ts',
  'agent/hosts/hosts.test.ts',
  'agent/notify/notify.test.ts',
  'agent/logs/viewers.test.ts',
  'agent/cli/terminal-command.test.ts',
  'agent/worktrees/worktrees.test.ts',
  'agent/runs/wrapper/runner.test.ts',
  'test/corpus/screens.test.ts',
  'agent/orchestrators/pty-rounds.test.ts',
  'agent/cli/deploy/deploy.test.ts',
  'agent/workflows/conformance-agent.test.ts',
  'agent/cli/cli.test.ts',
  'agent/logs/pack.test.ts',
  'agent/workflows/workflows.test.ts',
  'agent/orchestrators/orchestrators.test.ts',
  'agent/plugins/launch/supervised.test.ts',
  'agent/terminals/terminals.test.ts',
  'agent/snapshot/restore.test.ts',
  'agent/plugins/broken-plugins.test.ts',
  'tools/tally-reporter.test.ts',
  'agent/hosts/home-move.test.ts',
  'agent/api/plugin-http.test.ts',
  'agent/workflows/recovery.test.ts',
  'agent/search/search-load.test.ts',
  'agent/hosts/recovery.test.ts',
  'agent/workflows/pod-steps.test.ts',
  'agent/orchestrators/rounds.test.ts',
  'agent/workflows/git-workspace.test.ts',
];

export class TestOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const placed = sorted.map((file) => ({ file, place: placeOf(file) }));
    return placed.sort((a, b) => before(a.place, b.place)).map(({ file }) => file);
  }
}

function placeOf({ moduleId, project }: TestSpecification): readonly number[] {
  const path = relative(root, moduleId);
  const at = (list: readonly string[], name: string): number => (list.includes(name) ? list.indexOf(name) : list.length);
  return [at(FIRST, path), at(PROJECTS, project.name), at(LONG, path)];
}

function before(a: readonly number[], b: readonly number[]): number {
  const differs = a.findIndex((value, index) => value !== b[index]);
  return (a[differs] ?? 0) - (b[differs] ?? 0);
}
