import type { ToruError } from '../../shared/errors.ts';

/** The home host, as one of its members knows it: whose grants count here. Without one, this host's own do. */
export interface Issuer {
  /** Its instance id. */
  readonly host: string;
  /** Raw Ed25519. */
  readonly publicKey: Uint8Array;
  readonly installation: string;
  /** Why nobody is served now: the directory is too old, or no longer names this host. */
  readonly problem: ToruError | null;
  /** What to say of a grant that the home host did not sign, where there is more to say than that. */
  readonly foreign: ToruError | null;
  /** Did the home host say that this session ended? */
  ended(sid: string): boolean;
}
