import type { ErrorCode } from '../shared/errors.ts';
import { ToruError, toToruError } from '../shared/errors.ts';

/**
 * The answer of an object's method. Such a method never rejects: a rejecting RPC leaks unhandled rejections, and loses the class of
 * its error on the way (https://github.com/cloudflare/workers-sdk/issues/14736).
 */
export type Result<T> = { ok: true; value: T } | Refusal;
export interface Refusal {
  ok: false;
  code: ErrorCode;
  message: string;
  extra: Record<string, string | number | null>;
}

export function refusal(code: ErrorCode, message: string, extra: Refusal['extra'] = {}): Refusal {
  return { ok: false, code, message, extra };
}

/** The value or the error of `act`, as a result. */
export function attempt<T>(act: () => T): Result<T> {
  try {
    return { ok: true, value: act() };
  } catch (thrown) {
    const { code, message } = toToruError(thrown);
    if (code === 'internal') console.error(thrown);
    return refusal(code, message);
  }
}

/** A result as what HTTP handlers speak. @throws ToruError */
export function unwrap<T>(result: { ok: true; value: T } | Refusal): T {
  if (result.ok) return result.value;
  throw new ToruError(result.code, result.message, { extra: result.extra });
}
