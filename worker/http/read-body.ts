import type * as z from 'zod';
import { ToruError } from '../../shared/errors.ts';
import { parseJson } from '../../shared/json.ts';
import { MAX_JSON_BODY } from '../../shared/limits.ts';
import { tooLarge } from './edge-guard.ts';

/** The JSON body of a request that the edge answers itself. @throws ToruError too_large, bad_json, bad_request with `message`. */
export async function readJson<T>(request: Request, schema: z.ZodType<T>, message: string): Promise<T> {
  const parsed = schema.safeParse(parseJson(await readText(request), 'The body'));
  if (parsed.success) return parsed.data;
  throw new ToruError('bad_request', message);
}

/** A body without a Content-Length is counted as it comes. */
export async function readText(request: Request): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const part of request.body ?? []) {
    size += part.length;
    if (size > MAX_JSON_BODY) throw tooLarge();
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}
