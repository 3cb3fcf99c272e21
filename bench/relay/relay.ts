import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Helper } from '../helper-process.ts';

/** The bare relay, as three processes like Toru's: edge, host, and (for comparison) the front. */
export interface BareRelay extends AsyncDisposable {
  /** `ws+unix:<path>:/`, straight to workerd. */
  url: string;
  /** The same through Toru's front. */
  frontUrl: string;
}

export async function startBareRelay(): Promise<BareRelay> {
  const helpers = new AsyncDisposableStack();
  try {
    const folder = mkdtempSync(join(tmpdir(), 'toru-relay-'));
    helpers.defer(() => rmSync(folder, { recursive: true, force: true }));
    const socket = join(folder, 's');
    const edge = helpers.use(new Helper('relay/edge.ts'));
    await edge.ask({ socket });
    const agent = helpers.use(new Helper('relay/agent.ts'));
    await agent.ask({ socket });
    const front = helpers.use(new Helper('relay/front.ts'));
    const frontPort = await front.ask({ upstream: socket });
    return {
      url: `ws+unix:${socket}:/`,
      frontUrl: `ws://127.0.0.1:${frontPort}`,
      [Symbol.asyncDispose]: () => helpers.disposeAsync(),
    };
  } catch (error) {
    await helpers.disposeAsync();
    throw error;
  }
}
