import type { HostAlert } from '../../shared/link-protocol.ts';
import { MAX_HOST_ALERTS } from '../../shared/link-protocol.ts';
import type { SealedPush } from '../../shared/push.ts';
import type { Language } from '../../shared/texts.ts';
import { type Notice, noticeOfHost } from './compose.ts';
import type { Device } from './devices.ts';
import { PROOF_MS } from './vapid.ts';

interface HostAlertsOptions {
  devices: () => Device[];
  seal: (device: Device, notice: Notice, now: number) => SealedPush;
  hostName: () => string;
  languageOf: (device: Device) => Language;
}

/** The proofs in the messages live for PROOF_MS: long before, the edge gets new ones. */
const RENEW_MS = PROOF_MS / 4;
const GATHER_MS = 200;

/**
 * What the edge tells while this host is away, sealed here: it can deliver these messages, and neither read them nor make others.
 * The edge has all of them again with every change.
 */
export class HostAlerts {
  readonly #o: HostAlertsOptions;
  readonly #listeners = new Set<() => void>();
  readonly #renewing: NodeJS.Timeout;
  #gathering: NodeJS.Timeout | null = null;

  constructor(options: HostAlertsOptions) {
    this.#o = options;
    this.#renewing = setInterval(() => this.changed(), RENEW_MS).unref();
  }

  list(now: number = Date.now()): HostAlert[] {
    const name = this.#o.hostName();
    const about = (device: Device, is: 'away' | 'back'): Notice => noticeOfHost(name, is, this.#o.languageOf(device));
    return this.#o
      .devices()
      .slice(0, MAX_HOST_ALERTS)
      .map((device) => ({
        device: device.id,
        sid: device.sid,
        endpoint: device.endpoint,
        quiet: device.quiet,
        ...(device.silent_until === null ? {} : { silent_until: device.silent_until }),
        expires_at: now + PROOF_MS,
        away: this.#o.seal(device, about(device, 'away'), now),
        back: this.#o.seal(device, about(device, 'back'), now),
      }));
  }

  /** Somewhat later, once for all that changes until then, whoever listens sends the new list. */
  changed(): void {
    this.#gathering ??= setTimeout(() => {
      this.#gathering = null;
      for (const listener of this.#listeners) listener();
    }, GATHER_MS).unref();
  }

  /** @returns stops it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    clearInterval(this.#renewing);
    if (this.#gathering !== null) clearTimeout(this.#gathering);
  }
}
