import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { firstLoad } from '../../tools/budget.ts';
import { root } from '../../tools/root.ts';
import type { Row } from '../row.ts';
import { exact } from '../row.ts';

/** What a browser loads before it draws anything, as `npm run budget` counts it. */
export const page: Row = {
  name: 'page',
  title: 'First load of the page',
  async measure() {
    const files = firstLoad(JSON.parse(readFileSync(join(root, 'dist/page-manifest.json'), 'utf8')));
    const kib = (end: string): number =>
      files
        .filter((file) => file.endsWith(end))
        .reduce((sum, file) => sum + gzipSync(readFileSync(join(root, 'dist/page', file)), { level: 9 }).length / 1024, 0);
    return {
      figures: [
        { what: 'JavaScript, gzipped', unit: 'KB', value: exact(kib('.js')), target: { most: 45 } },
        { what: 'CSS, gzipped', unit: 'KB', value: exact(kib('.css')), target: { most: 12 } },
      ],
    };
  },
};
