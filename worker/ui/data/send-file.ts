import { isErrorCode, ToruError } from '../../../shared/errors.ts';
import type { Upload } from '../../../shared/uploads.ts';
import { agent } from '../api.ts';
import { OFFLINE } from '../connection/network-there.ts';
import { errorOf, type Guard, number, shape, text } from '../guards.ts';
import { sessionEnded } from '../own-session.ts';
import { readJson } from '../read-json.ts';
import { t } from '../translate.ts';
import { onHost } from '../viewed-host.ts';

const isUpload = shape<Upload>({ id: text, name: text, size: number });
/** Nothing moved for so long: the network is gone. */
const SILENCE_MS = 60_000;

/** Where a file goes, and what is answered with 201. */
interface Destination<T> {
  method: 'POST' | 'PUT';
  /** With its query. */
  path: string;
  guard: Guard<T>;
  /** Of each error. */
  extra: Readonly<Record<string, string>>;
}

/**
 * Sends a file for an input of a press.
 * @param onPart hears the part that is sent, from 0 to 1. @returns the file's id. @throws ToruError; `extra.input` names the field.
 */
export async function sendFile(
  question: { action: string; input: string },
  file: File,
  onPart: (part: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const query = new URLSearchParams({ ...question, name: file.name });
  const to = { method: 'POST', path: `/api/uploads?${query}`, guard: isUpload, extra: { input: question.input } } as const;
  return (await sendBody(to, file, onPart, signal)).id;
}

/** Not with `fetch`, which says nothing of how far it is. @param onPart hears the part that is sent, from 0 to 1. @throws ToruError */
export function sendBody<T>(
  { method, path, guard, extra }: Destination<T>,
  file: File,
  onPart: (part: number) => void,
  signal: AbortSignal,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const request = new XMLHttpRequest();
  let silence = setTimeout(() => request.abort(), SILENCE_MS);
  const fail = (code: 'host_timeout' | 'internal', message: string): void => reject(new ToruError(code, message, { extra }));
  signal.addEventListener('abort', () => request.abort(), { once: true });
  request.upload.addEventListener('progress', ({ loaded, total }) => {
    clearTimeout(silence);
    silence = setTimeout(() => request.abort(), SILENCE_MS);
    onPart(total > 0 ? loaded / total : 0);
  });
  request.addEventListener('loadend', () => clearTimeout(silence));
  request.addEventListener('abort', () => fail('host_timeout', t('The file was not sent. Try again.')));
  // The browser says the same of a file that changed or went since it was chosen.
  request.addEventListener('error', () =>
    fail('host_timeout', navigator.onLine ? t('The file could not be sent. Choose it again, then try again.') : t(OFFLINE)),
  );
  request.addEventListener('load', () => {
    const body = readJson(request.responseText);
    if (request.status === 201 && guard(body)) return resolve(body);
    const error = errorOf(body);
    if (error === null || !isErrorCode(error.code))
      return fail('internal', t('The server answered {status}. Try again in a moment.', { status: request.status }));
    if (error.code === 'unauthenticated' || error.code === 'session_expired') sessionEnded();
    return reject(new ToruError(error.code, error.message, { extra: { ...extra, ...error.extra } }));
  });
  request.open(method, onHost(path));
  request.setRequestHeader('content-type', 'application/octet-stream');
  request.send(file);
  return promise;
}

/** No press will have them. What can't be told to the host goes there by itself. */
export function dropFiles(ids: readonly string[]): void {
  for (const id of ids) agent.uploads[':id'].$delete({ param: { id } }).catch(() => undefined);
}
