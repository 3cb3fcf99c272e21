/** One thing that was looked at. */
export interface Finding {
  /** `note`: worth knowing, and nothing is wrong. */
  level: 'ok' | 'note' | 'bad';
  what: string;
  /** The next step; null when there is nothing to do. */
  mend: string | null;
}

export type Env = Readonly<Record<string, string | undefined>>;

export function ok(what: string): Finding {
  return { level: 'ok', what, mend: null };
}

export function worthKnowing(what: string, fix: string | null = null): Finding {
  return { level: 'note', what, mend: fix };
}

export function bad(what: string, fix: string): Finding {
  return { level: 'bad', what, mend: fix };
}
