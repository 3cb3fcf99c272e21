/** Why the agent does not start, in one line for the person who started it: printed without a stack. */
export class StartError extends Error {
  override name = 'StartError';
}
