import { relative } from 'node:path';
import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';
import { root } from './root.ts';

/**
 * Which test files go first. Those that mostly wait for real deadlines and pauses stand at the head, two by two with some that
 * work, so that neither waits alone; then the longest ones, so that none is left to run alone at the end. A file that is not
 * named here comes after them, in Vitest's own order: this is about time only.
 */
const FIRST = [
  // Wait, for a minute or more each, beside two that work.
  'test/browser/twice.test.ts',
  'test/faults/slow-line.test.ts',
  'test/integration/press.test.ts',
  'test/browser/plugin-pages.test.ts',
  'worker/test/waits.test.ts',
  'test/faults/half-open.test.ts',
  'test/browser/offline.test.ts',
  'test/browser/follow.test.ts',
  'test/faults/hung.test.ts',
  'test/faults/model.test.ts',
  // Work.
  'test/integration/plugins-examples.test.ts',
  'test/integration/start.test.ts',
  'test/faults/crash-points.test.ts',
  'agent/api/runs.test.ts',
  'agent/runs/life/recovery.test.ts',
  'agent/plugins/launch/restarts.test.ts',
  'agent/plugins/broken-plugins.test.ts',
  'test/browser/press.test.ts',
  'test/faults/network.test.ts',
  'test/faults/frames.test.ts',
  'test/integration/compression.test.ts',
  'test/browser/away.test.ts',
  'test/browser/forms.test.ts',
  'test/browser/search.test.ts',
  'test/browser/login.test.ts',
  'test/corpus/corpus.test.ts',
  'agent/runs/life/stop.test.ts',
  'agent/runs/runs.test.ts',
  'agent/runs/permissions.test.ts',
  'agent/api/plugin-http.test.ts',
  'agent/search/search.test.ts',
  'agent/logs/pack.test.ts',
  'agent/logs/viewers.test.ts',
  'agent/snapshot/restore.test.ts',
  'agent/users/grants.test.ts',
  'agent/users/login.test.ts',
  'agent/cli/cli.test.ts',
  'worker/test/tunnel.test.ts',
  'worker/test/login.test.ts',
  'test/faults/cancel-all.test.ts',
  'test/faults/disk-full.test.ts',
  'test/integration/uploads.test.ts',
  'test/integration/login.test.ts',
  'test/integration/plugin-cli.test.ts',
  'test/integration/snapshot.test.ts',
  'test/integration/service.test.ts',
  'test/integration/contract.test.ts',
  'test/integration/duplicate-host.test.ts',
  'test/browser/reauth.test.ts',
  'test/browser/users.test.ts',
  'test/browser/typed.test.ts',
  'test/browser/colours.test.ts',
  'worker/ui/log-view/cost.test.ts',
];

export class TestOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const place = ({ moduleId }: TestSpecification): number => {
      const at = FIRST.indexOf(relative(root, moduleId));
      return at < 0 ? FIRST.length : at;
    };
    return sorted.sort((a, b) => place(a) - place(b));
  }
}
