import type { PluginLogLine } from '../../../../shared/plugins.ts';

/** Lines that the page keeps; the file on the host has more. */
export const KEPT = 1000;

/**
 * One log out of what is shown, the newest lines as the host has them, and what came while these were on their way: each
 * line once, none left out in between. What is shown and ends before the host's lines begin goes: more was missed than was read.
 */
export function joined(
  shown: readonly PluginLogLine[],
  read: readonly PluginLogLine[],
  meanwhile: readonly PluginLogLine[],
): PluginLogLine[] {
  const first = read[0]?.timestamp ?? '';
  const last = read.at(-1)?.timestamp ?? '';
  const earlier = (shown.at(-1)?.timestamp ?? '') < first ? [] : shown.filter(({ timestamp }) => timestamp < first);
  return [...earlier, ...read, ...meanwhile.filter(({ timestamp }) => timestamp > last)].slice(-KEPT);
}
