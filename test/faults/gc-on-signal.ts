import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Loaded into processes whose memory is measured (`--expose-gc --import`): SIGUSR2 makes them let go of what nobody holds, and
 * write down how many bytes are left.
 */
process.on('SIGUSR2', () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  writeFileSync(join(process.env['TORU_HOME'] ?? '', `live-${process.pid}`), String(heapUsed + external));
});
