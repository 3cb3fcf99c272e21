import { TemplateError } from './template/error.ts';

/** Why a condition or a list could not be had, as a sentence. @throws what is no fault of the template. */
export function conditionError(thrown: unknown): string {
  if (!(thrown instanceof TemplateError)) throw thrown;
  const { message } = thrown;
  if (!/^(?:secrets?|connection)\b/.test(message)) return message;
  return `${message} Conditions are written down with the job and know no secrets: let a step look at it, and read its output.`;
}
