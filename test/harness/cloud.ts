import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Log, LogLevel, Miniflare } from 'miniflare';
import { builtOptions } from '../../embedded/worker-options.ts';
import { root } from '../../tools/root.ts';

/** The built Worker in a workerd of its own, as Cloudflare runs it: no embedded edge, and no host but those that claim it or pair. */
export interface Cloud {
  /** By which this machine reaches it: http://127.0.0.1:<port> */
  readonly url: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Where it listens, and what it serves. */
interface Place {
  /** An address of this machine. */
  host?: string;
  /** 0: any. */
  port?: number;
  /** The Worker's module. */
  module?: string;
}

/** @param bindings its secrets and variables. */
export async function startCloud(bindings: Record<string, string>, place: Place = {}): Promise<Cloud> {
  const { host = '127.0.0.1', port = 0, module = join(root, 'dist/worker/index.js') } = place;
  const { compatibilityDate, compatibilityFlags, durableObjects, assets } = builtOptions.parse(
    JSON.parse(readFileSync(join(root, 'dist/worker/options.json'), 'utf8')),
  );
  const folder = mkdtempSync(join(tmpdir(), 'toru-cloud-'));
  const edge = new Miniflare({
    modules: [{ type: 'ESModule', path: 'index.js', contents: readFileSync(module, 'utf8') }],
    compatibilityDate,
    compatibilityFlags,
    durableObjects,
    bindings,
    serviceBindings: { [assets.binding]: () => new Response('page') },
    durableObjectsPersist: folder,
    host,
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
