import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { gzip } from 'node:zlib';

/** Text that the page loads: its own files, and what the API answers in JSON. A run's output is none of it. */
const TEXT = /^(?:text\/(?:html|css|javascript)|image\/svg\+xml|application\/(?:json|manifest\+json))\b/i;
/** Below it, the headers weigh more than what is saved. Bytes. */
const LEAST = 512;
/** It is held whole, so that its length can be said. Bytes. */
const MOST = 256 * 1024;
/** For an answer without a length: whoever makes it bit by bit is kept back no longer from its first bit on. */
const PATIENCE_MS = 500;

/** May the answer be packed for whoever takes it so? workerd packs nothing, where Cloudflare does for the same Worker. */
export function isPackable({ headers, statusCode }: IncomingMessage): boolean {
  const length = Number(headers['content-length'] ?? LEAST);
  return (
    statusCode === 200 &&
    length >= LEAST &&
    length <= MOST &&
    headers['content-encoding'] === undefined &&
    TEXT.test(headers['content-type'] ?? '')
  );
}

/** Does the client take gzip (RFC 9110, section 12.5.3)? The answer to a HEAD stays as it is. */
export function takesGzip({ method, headers }: IncomingMessage): boolean {
  if (method === 'HEAD') return false;
  const taken = String(headers['accept-encoding'] ?? '').split(',');
  return taken.some((one) => {
    const [name = '', weight = '1'] = one.trim().split(/\s*;\s*q=/i);
    return name.toLowerCase() === 'gzip' && Number(weight) > 0;
  });
}

/**
 * Answers with the response's body as gzip, or as it is where it turns out long or slow; one that breaks off breaks off here, too.
 * @param headers for the client, as for the body as it is.
 */
export function answerPacked(response: IncomingMessage, answer: ServerResponse, headers: OutgoingHttpHeaders): void {
  const status = response.statusCode ?? 502;
  const parts: Buffer[] = [];
  let size = 0;
  let slow: NodeJS.Timeout | undefined;
  response.on('data', collect).on('end', pack).on('close', left);

  function collect(part: Buffer): void {
    parts.push(part);
    if (headers['content-length'] === undefined) slow ??= setTimeout(asItIs, PATIENCE_MS);
    size += part.length;
    if (size > MOST) asItIs();
  }
  function stop(): void {
    clearTimeout(slow);
    response.off('data', collect).off('end', pack).off('close', left);
  }
  function left(): void {
    clearTimeout(slow);
    if (!response.complete) answer.destroy();
  }
  function asItIs(): void {
    stop();
    answer.writeHead(status, headers);
    for (const part of parts) answer.write(part);
    pipeline(response, answer, () => undefined);
  }
  function pack(): void {
    stop();
    const body = Buffer.concat(parts);
    if (size < LEAST) {
      answer.writeHead(status, { ...headers, 'content-length': size }).end(body);
      return;
    }
    gzip(body, (failure, packed) => {
      if (failure !== null) return answer.destroy();
      const { etag } = headers;
      answer.writeHead(status, {
        ...headers,
        'content-encoding': 'gzip',
        'content-length': packed.length,
        // Other bytes under the same name: https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3.3
        ...(typeof etag === 'string' && !etag.startsWith('W/') ? { etag: `W/${etag}` } : {}),
      });
      return answer.end(packed);
    });
  }
}
