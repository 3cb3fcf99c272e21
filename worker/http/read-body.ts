import type * as z from 'zod';
import { ToruError } from '../../shared/errors.ts';
import { parseJson } from '../../shared/json.ts';
import { MAX_JSON_BODY, MAX_LOGIN_BODY } from '../../shared/limits.ts';
import { tooLarge } from './edge-guard.ts';

/** The JSON body of a login or a request to pair: of somebody whom nobody knows yet, so no more is held of it than those can be. @throws ToruError too_large, bad_json, bad_request with `message`. */
export async function readSmall<T>(request: Request, schema: z.ZodType<T>, message: string): Promise<T> {
  const parsed = schema.safeParse(parseJson(await readText(request, MAX_LOGIN_BODY), 'The body'));
  if (parsed.success) return parsed.data;
  throw new ToruError('bad_request', message);
}

/** A body without a Content-Length is counted as it comes. @param most bytes that it may have. @throws ToruError too_large. */
export async function readText(request: Request, most = MAX_JSON_BODY): Promise<string> {
  if (Number(request.headers.get('content-length') ?? 0) > most) throw tooLarge(most);
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const part of request.body ?? []) {
    size += part.length;
    if (size > most) throw tooLarge(most);
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}
