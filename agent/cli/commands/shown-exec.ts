import type { ExecAnswer } from '../../../shared/terminals.ts';
import type { Io, Output } from '../io.ts';
import { note } from '../io.ts';
import { TerminalFilter } from '../terminal-filter.ts';
import { printJson } from './lists.ts';

/** As `toru logs` shows output: a person's terminal obeys no sequence but colours. */
export function filtered(text: string, to: Output): string {
  if (!to.isTTY) return text;
  const filter = new TerminalFilter();
  return filter.write(text) + filter.end();
}

/** What a program that was executed in a terminal printed. @returns its code. */
export async function shownExec(answer: ExecAnswer, json: boolean, io: Io): Promise<number> {
  if (json) return printJson(io, answer);
  const { stdout, stderr, exit_code, signal, timed_out, truncated } = answer;
  await io.out.write(filtered(stdout, io.out));
  await io.err.write(filtered(stderr, io.err));
  if (truncated) await note(io, 'output past 1 MiB was left out');
  if (timed_out) await note(io, 'it took too long, and was stopped');
  if (signal !== null && !timed_out) await note(io, `it was ended by ${signal}`);
  return exit_code ?? 1;
}
