/** CSI and OSC sequences, two-byte escapes, and what other control characters there are. */
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*(?:[@-~]|$)|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_]|$)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g;

/** The newest line with something in it, as plain text. A progress bar that redraws itself counts as its last drawing. */
export function lastLine(output: string): string {
  const lines = output.replace(ESCAPES, '').split(/\r\n|\n|\r/);
  for (let i = lines.length - 1; i >= 0; i -= 1) {
    const line = (lines[i] ?? '').trim();
    if (line !== '') return line.slice(0, 300);
  }
  return '';
}
