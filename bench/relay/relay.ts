import { Helper } from '../processes.ts';

/** The bare relay, as three processes like Toru's: edge, host, and (for comparison) the front. */
export interface BareRelay extends AsyncDisposable {
  /** `ws://127.0.0.1:<port>`, straight to workerd. */
  url: string;
  /** The same through Toru's front. */
  frontUrl: string;
}

export async function startBareRelay(): Promise<BareRelay> {
  const helpers = new AsyncDisposableStack();
  try {
    const edge = helpers.use(new Helper('relay/edge.ts'));
    const port = await edge.ask({});
    const agent = helpers.use(new Helper('relay/agent.ts'));
    await agent.ask({ port });
    const front = helpers.use(new Helper('relay/front.ts'));
    const frontPort = await front.ask({ upstream: port });
    return {
      url: `ws://127.0.0.1:${port}`,
      frontUrl: `ws://127.0.0.1:${frontPort}`,
      [Symbol.asyncDispose]: () => helpers.disposeAsync(),
    };
  } catch (error) {
    await helpers.disposeAsync();
    throw error;
  }
}
