import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Client } from './agent-client.ts';
import { good } from './agent-client.ts';
import { UsageError } from './io.ts';

/** Sends a file for an input of an action. @returns its id, which answers the input. @throws UsageError when it can't be read. */
export async function sendFile(client: Client, question: { action: string; input: string }, path: string): Promise<string> {
  const body = await readFile(path).catch((error: Error) => {
    throw new UsageError(`--input-file ${question.input}=${path}: ${error.message}`);
  });
  const headers = { 'content-type': 'application/octet-stream', 'content-length': String(body.length) };
  const sent = client.uploads.$post({ query: { ...question, name: basename(path) } }, { init: { body, headers } });
  return (await (await good(sent)).json()).id;
}
