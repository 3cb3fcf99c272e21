import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unstable_getMiniflareWorkerOptions } from 'wrangler';
import { readOptions } from './build-worker.ts';
import { builtOptions } from './worker-options.ts';

test('worker-options.json says what wrangler reads from wrangler.toml', () => {
  const { workerOptions } = unstable_getMiniflareWorkerOptions(join(import.meta.dirname, '../wrangler.toml'));
  // Where they differ, put what wrangler says into embedded/worker-options.json.
  expect(readOptions()).toEqual(builtOptions.parse(workerOptions));
});
