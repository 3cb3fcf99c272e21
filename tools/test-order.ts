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
  'test/browser/every-page.test.ts',
  'test/browser/log.test.ts',
  'test/browser/hosts.test.ts',
  'test/browser/languages.test.ts',
  'test/browser/requests.test.ts',
  'test/browser/runs.test.ts',
  'test/browser/follow.test.ts',
  'test/browser/host-prefix.test.ts',
  'test/browser/questions.test.ts',
  'test/browser/away.test.ts',
  'test/browser/typed.test.ts',
  'test/browser/log-tools.test.ts',
  'test/browser/login.test.ts',
  'test/browser/search.test.ts',
  'test/browser/forms.test.ts',
  'test/browser/home.test.ts',
  'test/browser/users.test.ts',
  'test/browser/notify.test.ts',
  'test/browser/colours.test.ts',
  'test/browser/reauth.test.ts',
  'test/browser/device-code.test.ts',
  'test/faults/crash-points.test.ts',
  'test/faults/plugin-orphans.test.ts',
  'test/faults/frames.test.ts',
  'test/faults/network.test.ts',
  'test/faults/model.test.ts',
  'test/faults/cancel-all.test.ts',
  'test/faults/disk-full.test.ts',
  'test/integration/plugins-examples.test.ts',
  'test/integration/start.test.ts',
  'test/integration/press.test.ts',
  'test/integration/login.test.ts',
  'test/integration/uploads.test.ts',
  'test/integration/contract.test.ts',
  'test/integration/plugin-cli.test.ts',
  'test/integration/compression.test.ts',
  'agent/workflows/language/values-never-code.test.ts',
  'agent/workflows/clock-changes.test.ts',
  'agent/workflows/docker-steps.test.ts',
  'agent/workflows/pod-steps.test.ts',
  'agent/runs/life/recovery.test.ts',
  'agent/runs/runs.test.ts',
  'agent/runs/life/story.test.ts',
  'agent/runs/life/stop.test.ts',
  'agent/cli/cli.test.ts',
  'agent/logs/viewers.test.ts',
  'agent/plugins/launch/supervised.test.ts',
  'agent/plugins/broken-plugins.test.ts',
  'agent/api/runs.test.ts',
  'agent/api/plugin-http.test.ts',
  'test/corpus/corpus.test.ts',
  'agent/snapshot/restore.test.ts',
  'agent/logs/pack.test.ts',
  'agent/search/search-load.test.ts',
  'agent/search/search.test.ts',
  'agent/users/grants.test.ts',
  'agent/users/login.test.ts',
  'embedded/client-connections.test.ts',
  'worker/test/login.test.ts',
  'worker/test/tunnel.test.ts',
  'worker/test/relay.test.ts',
  'worker/test/link-handshake.test.ts',
  'worker/ui/log-view/cost.test.ts',
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
