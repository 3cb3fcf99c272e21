import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/**
 * Loaded into the agent's process before the agent: while the file that TORU_TEST_DISK_FULL names is there, the disk has no
 * room and every write of the agent's own says so. For hosts on which a test can't mount a small disk.
 */
const flag = process.env['TORU_TEST_DISK_FULL'];

if (flag !== undefined) {
  const { statfsSync, writeSync, existsSync } = fs;
  Object.assign(fs, {
    statfsSync: (...call: unknown[]): unknown => {
      const said: unknown = Reflect.apply(statfsSync, fs, call);
      return existsSync(flag) && typeof said === 'object' ? { ...said, bavail: 0 } : said;
    },
    writeSync: (...call: unknown[]): unknown => {
      if (existsSync(flag)) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      return Reflect.apply(writeSync, fs, call);
    },
  });
  syncBuiltinESMExports();
}
