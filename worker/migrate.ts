/** The part of an object's storage that migrations need. */
export interface MigratableStorage {
  readonly sql: { exec(statement: string, ...bindings: (string | number)[]): unknown };
  readonly kv: { get<T>(key: string): T | undefined; put<T>(key: string, value: T): void };
  transactionSync<T>(closure: () => T): T;
}

/** Brings the tables of one object to the newest number. A step that was released is never edited. */
export function migrate(storage: MigratableStorage, steps: readonly string[]): void {
  const done = storage.kv.get<number>('schema') ?? 0;
  for (let step = done; step < steps.length; step += 1) {
    storage.transactionSync(() => {
      storage.sql.exec(steps[step] ?? '');
      storage.kv.put('schema', step + 1);
    });
  }
}
