import { rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { FROM_PLUGINS, parseJson } from '../../../shared/json.ts';
import type { PluginLogLine } from '../../../shared/plugins.ts';
import { pluginLogLine } from '../../../shared/plugins.ts';
import { LogFile } from '../../logger-file.ts';
import { secretForms } from '../../runner/secret-words.ts';

/** Of one file, and how many older ones are kept beside it. */
const MAX_BYTES = 2 * 1024 * 1024;
const KEEP = 3;
/** What is kept of one text; the rest of it is left out. */
const MAX_TEXT = 8192;
/** What is written in one second; more is counted, and said. */
const WINDOW_MS = 1000;
const MAX_LINES = 500;
const MAX_WINDOW_BYTES = 512 * 1024;

export type LogInput = Omit<PluginLogLine, 'timestamp'>;
type Listener = (line: PluginLogLine) => void;

/**
 * A file of JSON lines, `{timestamp, level, plugin, message, error?, source, fields?}`: rotated, capped in size and in rate.
 * Timestamps rise strictly, by a millisecond if need be, so that reading on by them loses nothing.
 */
export class LineLog {
  readonly path: string;
  readonly #plugin: string;
  readonly #file: LogFile;
  readonly #listeners = new Set<Listener>();
  #secrets: readonly string[] = [];
  #lastMs = 0;
  #window = { began: 0, lines: 0, bytes: 0, dropped: 0 };
  #timer: NodeJS.Timeout | null = null;

  /** @param plugin named in the line that tells of dropped ones. */
  constructor(path: string, plugin: string, { maxBytes = MAX_BYTES, keep = KEEP }: { maxBytes?: number; keep?: number } = {}) {
    this.path = path;
    this.#plugin = plugin;
    this.#file = new LogFile(path, { maxBytes, keep });
  }

  /** What must not stand in it from now on, wherever it comes from. Very short ones would hide half of every line. */
  hide(secrets: readonly string[]): void {
    const spelled = secrets.filter((secret) => secret.length >= 4).flatMap((secret) => [secret, ...secretForms(secret)]);
    this.#secrets = [...new Set(spelled)].sort((a, b) => b.length - a.length);
  }

  /** A text without what is hidden here. */
  mask(text: string): string {
    return this.#secrets.reduce((masked, secret) => masked.replaceAll(secret, '[hidden]'), text);
  }

  /** Writes it, unless too much was written in this second. What the supervisor says is always written. */
  write(input: LogInput): void {
    if (input.source !== 'supervisor' && this.flooded) return this.drop(1);
    const line = this.#lineOf(input);
    const text = `${JSON.stringify(line)}\n`;
    this.#window.lines += 1;
    this.#window.bytes += text.length;
    this.#file.write(text);
    for (const listener of this.#listeners) listener(line);
  }

  /** Is this second full? Whoever has many lines can spare itself making them. */
  get flooded(): boolean {
    const now = performance.now();
    if (now - this.#window.began > WINDOW_MS) {
      this.#tellDropped();
      this.#window = { began: now, lines: 0, bytes: 0, dropped: 0 };
    }
    return this.#window.lines >= MAX_LINES || this.#window.bytes >= MAX_WINDOW_BYTES;
  }

  /** Counts lines that were not even made. */
  drop(lines: number): void {
    this.#window.dropped += lines;
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => this.#tellDropped(), WINDOW_MS);
    this.#timer.unref();
  }

  /** @returns stops it. */
  onLine(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The last lines, oldest first. @param before only what is older than this time. */
  async read({ limit, before }: { limit: number; before?: string | undefined }): Promise<PluginLogLine[]> {
    let found: PluginLogLine[] = [];
    for (let age = 0; age <= KEEP && found.length < limit; age += 1) {
      const text = await textOf(age === 0 ? this.path : `${this.path}.${age}`);
      if (text === null) break;
      const lines = text.split('\n').flatMap(parse);
      found = [...lines.filter(({ timestamp }) => before === undefined || timestamp < before), ...found];
    }
    return found.slice(-limit);
  }

  /** Closes it, and takes its files away. */
  remove(): void {
    this.close();
    for (const path of [this.path, ...Array.from({ length: KEEP }, (_, age) => `${this.path}.${age + 1}`)]) rmSync(path, { force: true });
  }

  close(): void {
    this.#tellDropped();
    this.#listeners.clear();
    this.#file.close();
  }

  #tellDropped(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const { dropped } = this.#window;
    this.#window.dropped = 0;
    if (dropped === 0) return;
    const message = `${dropped} lines were dropped: more than ${MAX_LINES} lines or ${MAX_WINDOW_BYTES / 1024} KiB in a second.`;
    this.write({ level: 'warn', plugin: this.#plugin, message, source: 'supervisor' });
  }

  #lineOf({ message, error, fields, ...same }: LogInput): PluginLogLine {
    this.#lastMs = Math.max(Date.now(), this.#lastMs + 1);
    return {
      timestamp: new Date(this.#lastMs).toISOString(),
      ...same,
      message: this.#text(message),
      ...(error === undefined ? {} : { error: this.#text(error) }),
      ...(fields === undefined ? {} : { fields: this.#fields(fields) }),
    };
  }

  #text(text: string): string {
    return this.mask(text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (cut)` : text);
  }

  #fields(fields: Record<string, unknown>): Record<string, unknown> {
    const text = JSON.stringify(fields);
    return text.length > MAX_TEXT ? { cut: this.mask(text.slice(0, 200)) } : this.#maskedObject(fields);
  }

  #maskedObject(value: object): Record<string, unknown> {
    return Object.fromEntries(Object.entries(value).map(([name, inside]) => [this.mask(name), this.#masked(inside)]));
  }

  #masked(value: unknown): unknown {
    if (typeof value === 'string') return this.mask(value);
    if (Array.isArray(value)) return value.map((inside) => this.#masked(inside));
    return typeof value === 'object' && value !== null ? this.#maskedObject(value) : value;
  }
}

async function textOf(path: string): Promise<string | null> {
  try {
    await using file = await open(path);
    return await file.readFile('utf8');
  } catch {
    return null;
  }
}

/** A line that is none (cut off by a full disk) is left out. */
function parse(text: string): PluginLogLine[] {
  if (text === '') return [];
  try {
    const read = pluginLogLine.safeParse(parseJson(text, 'A line of the log', FROM_PLUGINS));
    return read.success ? [read.data] : [];
  } catch {
    return [];
  }
}
