/** What a native runner is told. runner.c takes it apart again: read_order. */
export interface RunnerOrder {
  /** Absolute, with the run's files made. */
  folder: string;
  /** The name that it may get at any moment. */
  later: string;
  /** Made for it; null without one. */
  cgroup: string | null;
  boot: string;
  /** What it proves its exit record with. */
  token: string;
  /** What is kept of each stream, in blocks of 512 bytes; 0 = all. */
  limitBlocks: number;
  input: RunnerInput;
  /** The script's working directory. */
  directory: string;
  /** Absolute. */
  script: string;
  args: readonly string[];
  /** All that the script gets. */
  environment: Readonly<Record<string, string>>;
  /** What is replaced by asterisks in the output: see secret-words.ts. */
  secrets: readonly Buffer[];
}

/** What a script reads: nothing, the file `stdin`, what is written into the pipe of that name, or a text. */
export type RunnerInput = { kind: 'none' } | { kind: 'file' } | { kind: 'typed' } | { kind: 'text'; text: string };

const INPUT_NUMBERS = { none: 0, file: 1, typed: 2, text: 3 } as const;

const WORDS = { hold: 1, go: 2, drop: 3 } as const;

/** A word about a run that is held: its length, the word, the run's number. */
export function encodeWord(word: 'go' | 'drop', run: number): Buffer {
  return framed([numberBytes(WORDS[word]), numberBytes(run)]);
}

/**
 * The order as the spawner reads it: its length, then numbers (32 bits) and texts (their length, the bytes, a NUL).
 * @param run the number by which the words about it call it.
 */
export function encodeOrder(order: RunnerOrder, run: number): Buffer {
  const parts: Buffer[] = [numberBytes(WORDS.hold), numberBytes(run)];
  const number = (value: number): void => void parts.push(numberBytes(value));
  const text = (value: string | Buffer): void => {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    parts.push(numberBytes(bytes.length), bytes, NUL);
  };
  const words = (values: readonly string[]): void => {
    number(values.length);
    values.forEach(text);
  };
  for (const value of [order.folder, order.later, order.cgroup ?? '', order.boot, order.token]) text(value);
  number(order.limitBlocks);
  number(INPUT_NUMBERS[order.input.kind]);
  text(order.input.kind === 'text' ? order.input.text : '');
  text(order.directory);
  words([order.script, ...order.args]);
  words(Object.entries(order.environment).map(([name, value]) => `${name}=${value}`));
  number(order.secrets.length);
  order.secrets.forEach(text);
  return framed(parts);
}

function framed(parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([numberBytes(length), ...parts]);
}

const NUL = Buffer.alloc(1);

function numberBytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  // Every machine that a runner is built for has the small end first.
  bytes.writeUInt32LE(value);
  return bytes;
}
