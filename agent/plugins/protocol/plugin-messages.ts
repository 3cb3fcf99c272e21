import * as z from 'zod';
import type { FromPlugin } from '../../../plugin-sdk/src/protocol.ts';
import { excessOf, FROM_PLUGINS, shallowJson } from '../../../shared/json.ts';
import { PLUGIN_KV_MAX_TTL_S } from '../../../shared/plugins.ts';
import { digitsAsWritten } from '../../../shared/written-digits.ts';
import '../../../shared/schema-words.ts';

/** What a plugin may say, checked as it comes in. A test holds these to the types of plugin-sdk/src/protocol.ts. */

const requestId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const version = z.int().min(0).max(1000);
const key = z.string().max(4096);
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

function message<Type extends string, Payload extends z.ZodType>(type: Type, payload: Payload) {
  return z.object({ type: z.literal(type), timestamp: z.string().max(64), request_id: requestId, payload });
}

function action<Action extends string, Shape extends z.ZodRawShape>(name: Action, shape: Shape) {
  return z.object({ action: z.literal(name), ...shape });
}

const failure = action('error', {
  code: z.enum(['bad_message', 'not_found', 'conflict', 'too_large', 'quota_exceeded', 'forbidden', 'busy', 'cancelled', 'internal']),
  message: z.string(),
});

const lifecycle = z.discriminatedUnion('action', [
  action('hello', { token: z.string().max(200), protocol: z.object({ min: version, max: version }) }),
  action('ready', {}),
  action('pong', {}),
]);

const http = z.discriminatedUnion('action', [
  action('response', {
    status: z.int(),
    headers: z.array(z.tuple([z.string(), z.string()])).exactOptional(),
    body: z.string().exactOptional(),
    encoding: z.enum(['utf8', 'base64']).exactOptional(),
    stream: z.literal(true).exactOptional(),
  }),
  action('data', { data: z.string() }),
  action('end', {}),
  action('credit', { bytes: count }),
  failure,
]);

const kv = z.discriminatedUnion('action', [
  action('get', { key }),
  action('set', {
    key,
    value: shallowJson,
    ttl_s: z.int().min(0).max(PLUGIN_KV_MAX_TTL_S).exactOptional(),
    if_version: count.exactOptional(),
  }),
  action('delete', { key, if_version: count.exactOptional() }),
  action('list', {
    prefix: key.exactOptional(),
    after: key.exactOptional(),
    limit: count.exactOptional(),
    values: z.boolean().exactOptional(),
  }),
]);

const line = action('line', {
  level: z.enum(['debug', 'info', 'warn', 'error']),
  message: z.string(),
  error: z.string().exactOptional(),
  fields: z.record(z.string(), shallowJson).exactOptional(),
});

export const fromPlugin = z.discriminatedUnion('type', [
  message('lifecycle', lifecycle),
  message('http', http),
  message('kv', kv),
  message('log', line),
  message('event', action('publish', { name: z.string().min(1).max(200), data: shallowJson })),
  message(
    'run',
    action('start', {
      run: z.string().max(200),
      inputs: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).exactOptional(),
    }),
  ),
]);

/** What a line that is no message says about itself, so that whoever asked can be told. */
const envelope = z.object({ type: z.string().max(40), request_id: requestId });

/** Of what is said of a bad line: names in it are the plugin’s own, and as long as it likes. */
const MAX_WHY = 300;

/** A line from a plugin, read. */
export type Read =
  | { kind: 'message'; message: FromPlugin }
  /** JSON, but no message of the protocol. `asked`: what an answer can refer to. */
  | { kind: 'bad'; why: string; asked: z.infer<typeof envelope> | null }
  /** Not even JSON: nothing that follows can be trusted to begin where a message begins. */
  | { kind: 'garbage'; why: string };

/** The same of a line that is not worth parsing: its beginning is enough, as every SDK writes a message. */
function envelopeIn(text: string): z.infer<typeof envelope> | null {
  const head = text.slice(0, 400);
  const [type, request_id] = ['type', 'request_id'].map((name) => new RegExp(`"${name}"\\s*:\\s*"([\\w-]{1,64})"`).exec(head)?.[1]);
  return envelope.safeParse({ type, request_id }).data ?? null;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function withDigits(message: FromPlugin, text: string): FromPlugin {
  if (message.type !== 'run' || message.payload.inputs === undefined) return message;
  return { ...message, payload: { ...message.payload, inputs: digitsAsWritten(text, message.payload.inputs, ['payload', 'inputs']) } };
}

export function readMessage(line: Uint8Array): Read {
  let [text, value]: [string, unknown] = ['', null];
  try {
    text = utf8.decode(line);
  } catch {
    return { kind: 'garbage', why: 'bytes that are not UTF-8' };
  }
  const excess = excessOf(text, FROM_PLUGINS);
  if (excess !== null) return { kind: 'bad', why: excess, asked: envelopeIn(text) };
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'garbage', why: 'a line that is not JSON' };
  }
  const read = fromPlugin.safeParse(value);
  if (read.success) return { kind: 'message', message: withDigits(read.data, text) };
  const [issue] = read.error.issues;
  const where = issue?.path.join('.') ?? '';
  const request = envelope.safeParse(value);
  const why = `${where === '' ? '' : `${where.slice(0, MAX_WHY / 2)}: `}${issue?.message ?? 'not as expected'}`;
  return { kind: 'bad', why: why.slice(0, MAX_WHY), asked: request.data ?? null };
}
