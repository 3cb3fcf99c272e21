import type { Account } from './account/account.ts';
import type { Host } from './host/host.ts';

/** The bindings of wrangler.toml, its secrets, and the embedded edge. */
export interface Env {
  readonly ACCOUNT: DurableObjectNamespace<Account>;
  readonly HOST: DurableObjectNamespace<Host>;
  /** The page's files: Cloudflare's, at home those of embedded-page.ts. */
  readonly ASSETS: Pick<Fetcher, 'fetch'>;
  /** `<host id>:<base64url of the raw Ed25519 public key>`, commas between. The first host answers logins. */
  readonly HOST_KEYS?: string;
  /** SHA-256 of the setup code that `toru deploy` printed, hex: with it, once, the first host claims this edge. */
  readonly SETUP_CODE_HASH?: string;
  /** The edge's own key, PKCS#8 DER of an Ed25519 key in base64url. Without it, the Account object makes one and keeps it. */
  readonly EDGE_KEY?: string;
  /** "1" on one's own machine, behind embedded/front.ts. */
  readonly EMBEDDED?: string;
  /** The secret by which the front proves itself: only then is its word on the peer's address worth anything. */
  readonly FRONT_TOKEN?: string;
  /** "1": cookies are Secure, and names other than loopback are reached over https. */
  readonly PRODUCTION?: string;
  /** After so many seconds without a sign of a host, its devices are told that it is away; 120 without it. */
  readonly HOST_AWAY_AFTER_S?: string;
  /** For tests: an origin that counts as a push service (shared/push-services.ts). */
  readonly TEST_PUSH_ORIGIN?: string;
  /** Names beside loopback and IP literals that the embedded edge answers to, commas between. */
  readonly PUBLIC_NAMES?: string;
}

const AWAY_AFTER_S = 120;

/** At least five seconds: an agent that is started again is away for less. */
export function awayAfterS(env: Env): number {
  const seconds = Number(env.HOST_AWAY_AFTER_S ?? AWAY_AFTER_S);
  return Number.isFinite(seconds) ? Math.max(5, seconds) : AWAY_AFTER_S;
}

/** One Account object per installation. */
export function accountOf(env: Env) {
  return env.ACCOUNT.get(env.ACCOUNT.idFromName('account'));
}

/** Only for ids that Account knows: whoever could name any id could make any number of objects. */
export function hostOf(env: Env, id: string) {
  return env.HOST.get(env.HOST.idFromName(id));
}
