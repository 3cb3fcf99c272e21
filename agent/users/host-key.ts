import { toBase64Url } from '../../shared/encoding.ts';
import { ToruError } from '../../shared/errors.ts';
import type { Audit } from '../audit/audit.ts';
import type { Identity, KeyFile } from '../link/identity.ts';
import type { Settings } from '../settings/settings.ts';
import type { Caller } from './caller.ts';
import type { Grants } from './grants.ts';

/** What lies sealed under the host's key. */
interface SealedUnderKey {
  /** Before the key is replaced. @throws what keeps it from being. */
  sealFor(fresh: Pick<Identity, 'kid' | 'derive'>): void;
  keyReplaced(): void;
}

/** This host's key: what an edge knows the host by, and how it is replaced when it was stolen. */
export class HostKey {
  readonly #identity: KeyFile;
  readonly #host: string;
  readonly #grants: Pick<Grants, 'revokeAll'>;
  readonly #audit: Pick<Audit, 'record'>;
  readonly #sealed: SealedUnderKey | null;
  readonly #rotated: (binding: string, old: Pick<Identity, 'publicKey' | 'sign'>) => void;

  /** @param options.sealed what only this key opens. @param options.rotated hears of a new key, as `binding` names it. */
  constructor(options: {
    identity: KeyFile;
    settings: Pick<Settings, 'instance_id'>;
    grants: Pick<Grants, 'revokeAll'>;
    audit: Pick<Audit, 'record'>;
    sealed?: SealedUnderKey;
    rotated?: (binding: string, old: Pick<Identity, 'publicKey' | 'sign'>) => void;
  }) {
    this.#identity = options.identity;
    this.#host = options.settings.instance_id;
    this.#grants = options.grants;
    this.#audit = options.audit;
    this.#sealed = options.sealed ?? null;
    this.#rotated = options.rotated ?? (() => undefined);
  }

  /** `<host id>:<public key>`, as HOST_KEYS of an edge has it. */
  get binding(): string {
    return `${this.#host}:${toBase64Url(this.#identity.publicKey)}`;
  }

  /**
   * A new key in the place of the old one, which nobody has any more: no grant of it counts, and everyone is signed out.
   * @returns the new `binding`. @throws ToruError forbidden but at the local socket.
   */
  rotate(caller: Caller): string {
    if (caller.via !== 'local') throw new ToruError('forbidden', 'The key is replaced on the host itself: toru key rotate.');
    this.#grants.revokeAll();
    const old = this.#identity.rotate((fresh) => this.#sealed?.sealFor(fresh));
    this.#sealed?.keyReplaced();
    this.#audit.record({ event: 'key.rotate', caller, target: this.#identity.kid, outcome: 'ok' });
    this.#rotated(this.binding, old);
    return this.binding;
  }
}
