import type { TerminalFile } from '../../../../shared/terminals.ts';
import { call } from '../../api.ts';
import { sendBody } from '../../data/send-file.ts';
import { number, shape, text } from '../../guards.ts';
import { onHost } from '../../viewed-host.ts';

/** Files of the host, by way of a terminal's folder. Each call throws ToruError. */

const isFile = shape<TerminalFile>({ path: text, size: number });

/** Into the folder in which the terminal is; never in the place of a file that is there. @param onPart hears the part that is sent, 0 to 1. */
export function uploadFile(id: string, file: File, onPart: (part: number) => void, signal: AbortSignal): Promise<TerminalFile> {
  const path = `/api/terminals/${id}/files?${new URLSearchParams({ name: file.name })}`;
  return sendBody({ method: 'PUT', path, guard: isFile, extra: {} }, file, onPart, signal);
}

/** The browser keeps it as a download, in as little memory as it likes. */
export async function downloadPath(id: string, path: string): Promise<void> {
  const address = `/api/terminals/${id}/files?${new URLSearchParams({ path })}`;
  // Whether it is there is seen before: a download that fails says nothing of why.
  const look = new AbortController();
  await call(address, { signal: look.signal });
  look.abort();
  const link = document.createElement('a');
  link.href = onHost(address);
  link.download = '';
  link.click();
}
