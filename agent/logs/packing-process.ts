import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

/**
 * For the crash tests, in a process of its own: packs both streams of a folder, and is killed with -9 right before the
 * nth thing that it does to the file system; of a write, half is done. Called with a folder and n.
 */
const [folder = '', nth = '0'] = process.argv.slice(2);
let left = Number(nth);

function reach(): void {
  left -= 1;
  // Its effect is immediate: the call does not return.
  if (left === 0) process.kill(process.pid, 'SIGKILL');
}

const { open, rename, rm } = fs;
const probe = await open(import.meta.filename);
const handles: unknown = Object.getPrototypeOf(probe);
await probe.close();
if (typeof handles !== 'object' || handles === null) throw new Error('a handle without a prototype');
for (const name of ['read', 'sync', 'datasync', 'writeFile']) {
  const work: unknown = Reflect.get(handles, name);
  if (typeof work !== 'function') throw new Error(`a handle without ${name}`);
  Reflect.set(handles, name, async function (this: unknown, ...values: unknown[]) {
    const [bytes] = values;
    if (name === 'writeFile' && left === 1 && Buffer.isBuffer(bytes))
      await Reflect.apply(work, this, [bytes.subarray(0, bytes.length / 2)]);
    reach();
    return Reflect.apply(work, this, values);
  });
}
for (const [name, work] of Object.entries({ open, rename, rm })) {
  Reflect.set(fs, name, (...values: unknown[]) => {
    reach();
    return Reflect.apply(work, fs, values);
  });
}
syncBuiltinESMExports();

const { packFile } = await import('./pack.ts');
for (const file of ['out', 'err'] as const) await packFile(folder, file, Date.now() + 1000, async () => undefined);
