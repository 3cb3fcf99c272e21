import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Log, LogLevel, Miniflare } from 'miniflare';
import { builtOptions } from '../../embedded/worker-options.ts';
import { root } from '../../tools/root.ts';

/** The built Worker in a workerd of its own, as Cloudflare runs it: no embedded edge, and no host but those that claim it or pair. */
export interface Cloud {
  /** http://127.0.0.1:<port> */
  readonly url: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @param bindings its secrets and variables. @param port 0: any. */
export async function startCloud(bindings: Record<string, string>, port = 0): Promise<Cloud> {
  const { compatibilityDate, compatibilityFlags, durableObjects, assets } = builtOptions.parse(
    JSON.parse(readFileSync(join(root, 'dist/worker/options.json'), 'utf8')),
  );
  const folder = mkdtempSync(join(tmpdir(), 'toru-cloud-'));
  const edge = new Miniflare({
    modules: [{ type: 'ESModule', path: 'index.js', contents: readFileSync(join(root, 'dist/worker/index.js'), 'utf8') }],
    compatibilityDate,
    compatibilityFlags,
    durableObjects,
    bindings,
    serviceBindings: { [assets.binding]: () => new Response('page') },
    durableObjectsPersist: folder,
    host: '127.0.0.1',
    port,
    // It would ask Cloudflare who we are.
    cf: false,
    unsafeLocalExplorer: false,
    logRequests: false,
    telemetry: { enabled: false },
    log: new Log(LogLevel.ERROR),
  });
  const { origin } = await edge.ready;
  return {
    url: origin,
    [Symbol.asyncDispose]: async () => {
      await edge.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
