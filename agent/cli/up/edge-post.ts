import * as z from 'zod';
import { isErrorCode, ToruError } from '../../../shared/errors.ts';
import { parseJsonOrNull } from '../../../shared/json.ts';
import { VERSION } from '../../../shared/version.ts';
import type { EdgeLocation } from '../../config-edge.ts';
import { StartError } from '../../start-error.ts';
import { plain } from '../terminal-filter.ts';

/** The edge did not answer, or somebody else did. What came of the request is not known. */
export class EdgeUnreachable extends StartError {
  override name = 'EdgeUnreachable';
}

/** Longer than an edge waits for a home host that does not answer: what it says then is worth more. The connection itself is given 10 s. */
const TIMEOUT_MS = 60_000;
/** Longer than every answer that is expected: 100 hosts and their users in a directory. */
const MAX_ANSWER = 2 * 1024 * 1024;
const errorBody = z.object({ error: z.looseObject({ code: z.string(), message: z.string() }) });

/** An answer of the edge, with its clock. */
export interface EdgeAnswer<T> {
  value: T;
  /** Of the edge, in ms since 1970; null where it does not say. */
  now: number | null;
}

/**
 * Asks an edge as a program without a session does.
 * @throws ToruError with the edge's own code and message when it refuses; EdgeUnreachable in one sentence with the next step; the signal's reason.
 */
export async function postTo<T>(
  edge: EdgeLocation,
  path: string,
  body: object,
  schema: z.ZodType<T>,
  signal: AbortSignal,
): Promise<EdgeAnswer<T>> {
  try {
    const { value, headers } = await askEdge(edge, 'POST', path, schema, { body, signal });
    return { value, now: Date.parse(headers.get('date') ?? '') || null };
  } catch (error) {
    if (error instanceof ToruError && (error.code === 'not_found' || error.code === 'method_not_allowed'))
      throw new EdgeUnreachable(
        `The edge at ${edge.origin} is older than this Toru, and can’t pair hosts. Update it (on Cloudflare: toru deploy; at home, on its machine: toru update), then type the same again.`,
      );
    throw error;
  }
}

/**
 * One request to an edge. @param schema of the answer's body; of null where there is none.
 * @throws as `postTo`, and ToruError not_found as it comes.
 */
export async function askEdge<T>(
  { url, origin }: EdgeLocation,
  method: 'GET' | 'POST',
  path: string,
  schema: z.ZodType<T>,
  { body, cookie, signal }: { body?: object; cookie?: string; signal: AbortSignal },
): Promise<{ value: T; headers: Headers }> {
  let status: number;
  let headers: Headers;
  let text: string;
  try {
    const response = await fetch(url + path, {
      method,
      redirect: 'manual',
      headers: {
        origin,
        accept: 'application/json',
        // By this name a session of the command stands in the list of sessions.
        'user-agent': `toru ${VERSION}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(cookie === undefined ? {} : { cookie }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    ({ status, headers } = response);
    text = await readSome(response);
  } catch (error) {
    signal.throwIfAborted();
    throw new EdgeUnreachable(whyNoAnswer(url, error), { cause: error });
  }
  const answer = parseJsonOrNull(text);
  if (status >= 200 && status < 300) {
    const parsed = schema.safeParse(answer);
    if (!parsed.success) throw new EdgeUnreachable(otherThanExpected(origin));
    return { value: parsed.data, headers };
  }
  const refused = errorBody.safeParse(answer);
  if (!refused.success) throw new EdgeUnreachable(whoElse(origin, status, headers));
  const { code, message, ...extra } = refused.data.error;
  throw new ToruError(isErrorCode(code) ? code : 'internal', plain(message).slice(0, 500), { extra });
}

/** @throws when it is longer than any answer of ours. */
async function readSome(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    parts.push(part);
    length += part.length;
    if (length > MAX_ANSWER) throw new TypeError('the answer does not end');
  }
  return Buffer.concat(parts).toString('utf8');
}

function otherThanExpected(origin: string): string {
  return `${origin} answers otherwise than this Toru expects: are both of one version? Update the older one, then type the same again.`;
}

/** What answered is not Toru's edge, or does not stand alone. */
function whoElse(origin: string, status: number, headers: Headers): string {
  const location = headers.get('location');
  const leads =
    status >= 300 && status < 400 && location !== null && URL.canParse(location, origin) ? new URL(location, origin).origin : null;
  if (leads !== null && leads !== origin) return `${origin} leads on to ${leads}. If that is your edge, type that address instead.`;
  if (status >= 500) return `${origin} answers ${status}: the edge, or a proxy before it, is in trouble. Try again in a moment.`;
  return `What answers at ${origin} (${status}) is no Toru edge, or a login page stands before it. Check the address: it is the one under which you open Toru’s page.`;
}

/** In the words of the one who can do something about it. */
function whyNoAnswer(url: string, error: unknown): string {
  const { hostname, protocol, port, origin } = new URL(url);
  const code = codeOf(error);
  const at = `${hostname}${port === '' ? '' : `:${port}`}`;
  switch (code) {
    case 'ENOTFOUND':
      return `There is no machine of the name ${hostname}. Check the spelling, and that this machine can ask DNS.`;
    case 'EAI_AGAIN':
      return `DNS does not answer, so ${hostname} is not found. Check this machine’s way to the internet, then type the same again.`;
    case 'ECONNREFUSED':
      return `Nobody listens at ${at}. Check address and port, and that Toru runs there and is open to this machine (STEERING_HOST).`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `There is no way from this machine to ${at}. Check its network, then type the same again.`;
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'TimeoutError':
      return `${at} does not answer. Check the address, and that no firewall stands between.`;
    case 'CERT_HAS_EXPIRED':
      return `The TLS certificate of ${hostname} has expired, or this machine’s clock is wrong (it says ${new Date().toISOString()}).`;
    case 'CERT_NOT_YET_VALID':
      return `The TLS certificate of ${hostname} is not valid yet, so this machine’s clock is probably wrong: it says ${new Date().toISOString()}. Set it: sudo timedatectl set-ntp true`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `The TLS certificate at ${at} is for another name than ${hostname}. Check the address.`;
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `This machine does not know who signed the TLS certificate of ${hostname}. If it is of your own authority, say where that one’s is: NODE_EXTRA_CA_CERTS=/path/ca.pem toru up ${origin}`;
    default:
      if (protocol === 'https:' && (code === 'EPROTO' || code.startsWith('ERR_SSL')))
        return `${at} does not speak TLS. If it is on this machine or in your own network, type http:// instead of https://.`;
      return `The connection to ${at} broke off (${code}). Check the address, then type the same again.`;
  }
}

/** Of the error, or of the one behind it: fetch hides it. Of several addresses that were tried, the first's. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error.name === 'TimeoutError') return error.name;
  const [first] = error instanceof AggregateError ? error.errors : [];
  return codeOf(first ?? error.cause ?? null) === 'unknown' ? error.message : codeOf(first ?? error.cause);
}
