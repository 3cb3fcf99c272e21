import { ToruError } from '../../shared/errors.ts';

interface Api<Env> {
  fetch(request: Request, env: Env): Response | Promise<Response>;
}

/** The requests that are not answered yet, of every transport. A stop takes no new ones, and waits for these. */
export class InFlight {
  #count = 0;
  #closing = false;
  #idle: (() => void) | null = null;

  /** How many there are. What is answered and still being read, such as output that is followed, is none. */
  get count(): number {
    return this.#count;
  }

  /** The API, counted; while the agent stops, a request is refused with 503 `busy`. */
  around<Env>(api: Api<Env>): Api<Env> {
    return {
      fetch: async (request, env) => {
        if (this.#closing) return refused();
        this.#count += 1;
        try {
          return await api.fetch(request, env);
        } finally {
          this.#count -= 1;
          if (this.#count === 0) this.#idle?.();
        }
      },
    };
  }

  /** @returns when all are answered, or after so many ms: whether all were. */
  async close(limitMs: number): Promise<boolean> {
    this.#closing = true;
    if (this.#count === 0) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#idle = () => resolve(true);
    const timer = setTimeout(() => resolve(false), limitMs);
    return promise.finally(() => clearTimeout(timer));
  }
}

function refused(): Response {
  const error = new ToruError('busy', 'The agent of this host is stopping. Try again when it is back.', { extra: { retry: true } });
  return Response.json(error.toBody(), { status: error.status });
}
