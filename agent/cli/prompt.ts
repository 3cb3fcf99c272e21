import { readFileSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { StartError } from '../start-error.ts';
import type { Keyboard, Output, Piped } from './io.ts';
import { UsageError } from './io.ts';

const MAX_PIPED = 1024 * 1024;

/** All of standard input. @throws UsageError past 1 MiB, and for bytes that are no text: they would reach the script as others. */
export async function readAll(input: Piped): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let text = '';
  try {
    for await (const chunk of input) {
      text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
      if (text.length > MAX_PIPED) throw new UsageError('Standard input holds more than 1 MiB.');
    }
    return text + decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError('Standard input is not UTF-8.');
    throw error;
  }
}

/** What is secret stands in a file or comes by standard input (`-`): a command line can be read by everybody on the machine. @throws StartError */
export async function readSecret(option: string, file: string, { input }: { input: Piped }): Promise<string> {
  if (file === '-') return readAll(input);
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartError(`${option}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Asks for one key at the terminal. @returns one of `keys`; null for anything else. */
export function askKey(question: string, keys: string, keyboard: Keyboard, output: Output): Promise<string | null> {
  return new Promise((resolve) => {
    const take = (chunk: Buffer): void => {
      const key = chunk.toString('utf8').slice(0, 1).toLowerCase();
      keyboard.off('data', take);
      keyboard.setRawMode(false);
      keyboard.pause();
      void output.write(`${/[a-z]/.test(key) ? key : ''}\n`);
      resolve(key !== '' && keys.includes(key) ? key : null);
    };
    void output.write(question);
    keyboard.setRawMode(true);
    keyboard.resume();
    keyboard.on('data', take);
  });
}

/** Asks at the terminal, and shows nothing of the answer. @throws UsageError when the person gives up. */
export function askHidden(question: string, keyboard: Keyboard, output: Output): Promise<string> {
  return new Promise((resolve, reject) => {
    const decoder = new StringDecoder('utf8');
    let answer = '';
    const stop = (): void => {
      keyboard.off('data', take);
      keyboard.setRawMode(false);
      keyboard.pause();
      void output.write('\n');
    };
    const take = (chunk: Buffer): void => {
      for (const char of decoder.write(chunk)) {
        if (char === '\r' || char === '\n') {
          stop();
          resolve(answer);
          return;
        }
        if (char === '\x03' || char === '\x04') {
          stop();
          reject(new UsageError('Nothing was changed.'));
          return;
        }
        if (char === '\x7f' || char === '\b') answer = Array.from(answer).slice(0, -1).join('');
        else if (char === '\x15') answer = '';
        else if (char >= ' ') answer += char;
      }
    };
    void output.write(question);
    keyboard.setRawMode(true);
    keyboard.resume();
    keyboard.on('data', take);
  });
}
