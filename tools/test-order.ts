import { relative } from 'node:path';
import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';
import { root } from './root.ts';

/**
 * Which test files go first. Those that mostly wait for real deadlines stand at the head, so that others work beside them;
 * then the longest ones, so that none is left to run alone at the end. A file that is not named here comes after them, in
 * Vitest's own order: this is about time only.
 */
const FIRST = [
  // Wait: 55 s, 40 s and 35 s that nothing can shorten.
  'worker/test/waits.test.ts',
  'test/faults/half-open.test.ts',
  'test/browser/press.test.ts',
  'test/browser/plugins.test.ts',
  'test/faults/hung.test.ts',
  // Work.
  'test/faults/model.test.ts',
  'test/integration/start.test.ts',
  'test/faults/crash-points.test.ts',
  'test/integration/press.test.ts',
  'test/faults/network.test.ts',
  'test/faults/frames.test.ts',
  'agent/runs/runs.test.ts',
  'test/faults/cancel-all.test.ts',
  'agent/search/search-load.test.ts',
  'test/integration/contract.test.ts',
  'test/faults/disk-full.test.ts',
  'agent/logs/viewers.test.ts',
  'test/browser/follow.test.ts',
  'test/browser/users.test.ts',
  'test/browser/colours.test.ts',
  'worker/ui/log-view/cost.test.ts',
  'agent/runs/recover.test.ts',
  'worker/test/relay.test.ts',
  'worker/test/login.test.ts',
  'test/integration/plugins-examples.test.ts',
  'test/integration/compression.test.ts',
  'agent/cli/cli.test.ts',
  'worker/test/link-handshake.test.ts',
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
