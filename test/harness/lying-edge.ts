import { createServer, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { freePort } from './toru.ts';

/** Stands between a host and its edge, as a hostile edge does: passes on what is asked, and changes answers as it likes. */
export interface LyingEdge {
  readonly url: string;
  /** While true it answers nothing and breaks connections off. */
  down: boolean;
  [Symbol.asyncDispose](): Promise<void>;
}

interface Answer {
  path: string;
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test says by its changes what it expects here.
  body: any;
}

/** @param lie changes an answer in place. @param at the port; none: a free one. */
export async function lyingEdge(target: string, lie: (answer: Answer) => void, at?: number): Promise<LyingEdge> {
  const port = at ?? (await freePort());
  const server = createServer((query, answer) => {
    if (edge.down) return query.socket.destroy();
    const { pathname } = new URL(query.url ?? '/', target);
    const { hostname, port: to } = new URL(target);
    // What comes packed would have to be unpacked here.
    const { 'accept-encoding': _, ...headers } = query.headers;
    const passed = request({ hostname, port: to, path: query.url, method: query.method, headers, agent: false }, (reply) => {
      void buffer(reply).then((bytes) => {
        const given: Answer = { path: pathname, status: reply.statusCode ?? 502, body: JSON.parse(bytes.toString()) };
        lie(given);
        answer
          .writeHead(given.status, { 'content-type': 'application/json', date: reply.headers.date ?? '' })
          .end(JSON.stringify(given.body));
      });
    });
    passed.on('error', () => answer.destroy());
    query.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const edge: LyingEdge = {
    url: `http://127.0.0.1:${port}`,
    down: false,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return edge;
}
