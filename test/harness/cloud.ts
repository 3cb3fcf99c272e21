import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { Log, LogLevel, Miniflare } from 'miniflare';
import { readOptions, workerBuild } from '../../embedded/build-worker.ts';
import { sha256Hex } from '../../shared/encoding.ts';
import { newCode, readCode } from '../../shared/setup-code.ts';

/** An edge as `toru deploy` leaves it at Cloudflare: the same Worker in a workerd of its own, with a setup code and no host. */
export interface Cloud {
  /** http://127.0.0.1:<port> */
  readonly url: string;
  readonly setupCode: string;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startCloud(): Promise<Cloud> {
  const [options, result] = await Promise.all([
    readOptions(),
    build({ ...workerBuild, entryPoints: { index: workerBuild.entryPoints.index }, sourcemap: false, write: false }),
  ]);
  const { compatibilityDate, compatibilityFlags, durableObjects } = options;
  const folder = mkdtempSync(join(tmpdir(), 'toru-cloud-'));
  const setupCode = newCode();
  const SETUP_CODE_HASH = await sha256Hex(readCode(setupCode) ?? '');
  const code = (contents: string) => [{ type: 'ESModule' as const, path: 'index.js', contents }];
  const mf = new Miniflare({
    workers: [
      {
        name: 'toru',
        modules: code(result.outputFiles[0]?.text ?? ''),
        compatibilityDate,
        compatibilityFlags,
        durableObjects,
        bindings: { SETUP_CODE_HASH },
        serviceBindings: { ASSETS: 'page' },
      },
      { name: 'page', modules: code("export default { fetch: () => new Response('the page') };"), compatibilityDate },
    ],
    host: '127.0.0.1',
    port: 0,
    // It would ask Cloudflare who we are.
    cf: false,
    unsafeLocalExplorer: false,
    logRequests: false,
    telemetry: { enabled: false },
    log: new Log(LogLevel.ERROR),
    durableObjectsPersist: folder,
  });
  const url = await mf.ready;
  return {
    url: url.origin,
    setupCode,
    [Symbol.asyncDispose]: async () => {
      await mf.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
