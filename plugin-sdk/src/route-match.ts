/** An answer that is no success, for whoever asked: `throw new HttpError(404, 'There is no such city.')`. */
export class HttpError extends Error {
  override name = 'HttpError';
  readonly status: number;
  readonly code: string;

  /** @param code one word for programs; by default one that fits the status. */
  constructor(status: number, message: string, code: string = CODES[status] ?? (status < 500 ? 'bad_request' : 'internal')) {
    super(message);
    this.status = status;
    this.code = code;
  }

  toBody(): { error: { code: string; message: string } } {
    return { error: { code: this.code, message: this.message } };
  }

  toResponse(): Response {
    return Response.json(this.toBody(), { status: this.status });
  }
}

const CODES: Readonly<Record<number, string>> = {
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'conflict',
  413: 'too_large',
};

/** `'GET /cities/:city'` → `{ city: string }` */
export type Params<Route extends string> = string extends Route
  ? Record<string, string>
  : Route extends `${string}:${infer Name}/${infer Rest}`
    ? { [K in Name]: string } & Params<Rest>
    : Route extends `${string}:${infer Name}`
      ? { [K in Name]: string }
      : Record<never, string>;

export interface Match<Handler> {
  handler: Handler;
  params: Record<string, string>;
}

interface Entry<Handler> {
  method: string;
  parts: string[];
  handler: Handler;
}

/** Finds what answers a request. Written-out parts win over `:params`; HEAD is answered by GET. */
export class Router<Handler> {
  readonly #entries: Entry<Handler>[];

  /** @param routes `'GET /path/:param'` → handler. @throws TypeError for a key that is not of this form */
  constructor(routes: Readonly<Record<string, Handler>>) {
    this.#entries = Object.entries(routes)
      .map(([route, handler]) => {
        const [, method, path] = /^([A-Z]+) (\/\S*)$/.exec(route) ?? [];
        if (method === undefined || path === undefined) throw new TypeError(`“${route}” is no route. Write it like “GET /cities/:city”.`);
        return { method, parts: path.split('/'), handler };
      })
      .sort((a, b) => wildness(a.parts) - wildness(b.parts));
  }

  /** @returns null when no route has this path. @throws HttpError 405 when one has it for other methods */
  find(method: string, path: string): Match<Handler> | null {
    const parts = path.split('/');
    const fitting = this.#entries.filter((entry) => fits(entry.parts, parts));
    const wanted = method === 'HEAD' ? 'GET' : method;
    const entry = fitting.find((each) => each.method === wanted);
    if (entry !== undefined) return { handler: entry.handler, params: paramsOf(entry.parts, parts) };
    if (fitting.length === 0) return null;
    const allowed = [...new Set(fitting.map((each) => each.method))].join(', ');
    throw new HttpError(405, `${path} does not take ${method}, only ${allowed}.`);
  }
}

/** Later parts count less: `/a/:b` before `/:a/b`. */
function wildness(parts: string[]): number {
  return parts.reduce((sum, part, at) => sum + (part.startsWith(':') ? 2 ** (30 - at) : 0), 0);
}

function fits(pattern: string[], parts: string[]): boolean {
  return pattern.length === parts.length && pattern.every((part, at) => (part.startsWith(':') ? parts[at] !== '' : part === parts[at]));
}

function paramsOf(pattern: string[], parts: string[]): Record<string, string> {
  const named = pattern.flatMap((part, at): [string, string][] => (part.startsWith(':') ? [[part.slice(1), decode(parts[at] ?? '')]] : []));
  return Object.fromEntries(named);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new HttpError(400, 'The path is not encoded as it should be.');
  }
}
