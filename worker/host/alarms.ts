/** The part of an object's storage that alarms need. */
export interface AlarmStorage {
  readonly kv: { get<T>(key: string): T | undefined; put<T>(key: string, value: T): void };
  setAlarm(at: number): Promise<void>;
}

/** Does what is due. @returns when to come again, in ms since 1970, or null. */
export type AlarmTask = (now: number) => number | null | Promise<number | null>;

const KEY = 'alarms';
/** Cloudflare runs a failed alarm again by itself, but only six times; we come back for as long as it takes. */
const RETRY_MS = 10_000;

/**
 * An object has one alarm; this makes it as many as there are names. What is due is kept in storage, since an alarm
 * outlives the object that set it (https://developers.cloudflare.com/durable-objects/api/alarms/).
 */
export class Alarms<Name extends string> {
  readonly #storage: AlarmStorage;
  readonly #tasks: Readonly<Record<Name, AlarmTask>>;
  readonly #due: Map<string, number>;

  constructor(storage: AlarmStorage, tasks: Readonly<Record<Name, AlarmTask>>) {
    this.#storage = storage;
    this.#tasks = tasks;
    this.#due = new Map(Object.entries(storage.kv.get<Record<string, number>>(KEY) ?? {}));
  }

  /** At `at` at the latest. Costs nothing when it is due earlier anyway. */
  schedule(name: Name, at: number): void {
    const due = this.#due.get(name);
    if (due !== undefined && due <= at) return;
    this.#due.set(name, at);
    this.#save();
  }

  /** What the object's `alarm()` calls: everything that is due, once, and then the next alarm. */
  async run(now: number): Promise<void> {
    const due = [...this.#due].filter(([, at]) => at <= now).map(([name]) => name);
    try {
      for (const name of due) {
        this.#due.delete(name);
        if (!this.#has(name)) continue;
        let next: number | null;
        try {
          next = await this.#tasks[name](now);
        } catch (error) {
          console.error(`The alarm “${name}” failed and will be tried again.`, error);
          next = now + RETRY_MS;
        }
        const again = this.#due.get(name);
        if (next !== null && (again === undefined || next < again)) this.#due.set(name, next);
      }
    } finally {
      this.#save();
    }
  }

  /** An older version may have left names that mean nothing any more. */
  #has(name: string): name is Name {
    return Object.hasOwn(this.#tasks, name);
  }

  #save(): void {
    this.#storage.kv.put(KEY, Object.fromEntries(this.#due));
    if (this.#due.size > 0) void this.#storage.setAlarm(Math.min(...this.#due.values()));
  }
}
