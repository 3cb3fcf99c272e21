import type { EdgeLocation } from '../../config-edge.ts';
import type { Io } from '../io.ts';
import { print } from '../io.ts';
import { plain } from '../terminal-filter.ts';
import type { PendingRequest } from './ask-to-pair.ts';
import { printQr } from './qr.ts';

/** What a person needs to approve this host: where, under which code, and the words to compare. */
export async function showRequest(io: Io, edge: EdgeLocation, { answer, words }: PendingRequest): Promise<void> {
  // Not as the edge writes it: whoever scans it shall come to the address that was typed.
  const url = `${edge.origin}/pair?code=${answer.user_code}`;
  await print(io, '');
  await printQr(io, url);
  await print(io, `  Open    ${url}`);
  await print(io, `  Code    ${answer.user_code}`);
  await print(io, `  Words   ${words.join('  ')}`);
  await print(io, '');
  await print(
    io,
    `An admin approves this host on that page, or on ${plain(answer.home.name)} itself: toru hosts. Approve only where the same words stand.`,
  );
  await print(io, `It waits for approval, ${Math.round(answer.expires_in / 60)} minutes at most. Ctrl-C ends it, and nothing is changed.`);
}
