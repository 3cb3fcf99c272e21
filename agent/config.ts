import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import * as z from 'zod';
import { MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS } from '../shared/limits.ts';
import { username } from '../shared/users.ts';
import { addressRange } from './config-addresses.ts';
import type { ContainerSettings } from './config-containers.ts';
import { HELPER_IMAGE, PENDING_MS } from './config-containers.ts';
import type { EdgeLocation } from './config-edge.ts';
import { edgeUrl } from './config-edge.ts';
import { prepareHome } from './config-home.ts';
import { StartError } from './start-error.ts';
import '../shared/schema-words.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** The decisions of the host’s owner before the agent starts: the environment over `TORU_HOME/config.toml`. */
export interface Config {
  /** TORU_HOME, absolute, there, and ours alone. */
  home: string;
  /** Where `agent.log` goes: LOGS_DIRECTORY of a systemd unit, else `home/logs`. */
  logs_dir: string;
  /** Null: the setting decides. */
  scripts_dir: string | null;
  admin_username: string;
  admin_password: string | null;
  production: boolean;
  /** Where the embedded edge listens. */
  bind_host: string;
  bind_port: number;
  /** Names under which the embedded edge may be reached, beside loopback and IP addresses. */
  allowed_hosts: string[];
  /** Addresses and CIDRs of proxies before the embedded edge, whose word on their client's address counts. */
  trusted_proxies: string[];
  log_level: (typeof LOG_LEVELS)[number];
  /**
   * The edge that the agent dials; `socket` for the embedded one, which `npm start` passes on. `key` is the public key
   * (raw Ed25519, base64url) that it has to prove; without one, that of the first link is pinned.
   */
  edge: (EdgeLocation & { key?: string }) | null;
  /** Where browsers reach the page: the edge's own address, or what `npm start` passes on; null when nobody said it. */
  page_origin: string | null;
  /** After so many seconds without a link the embedded edge tells devices that this host is away. */
  host_away_after_s: number;
  /** For tests: an origin that counts as a push service, also over http. Whoever sets it is told so. */
  test_push_origin: string | null;
  /** Where steps of workflows find an engine or a cluster, beside what the host says by itself. */
  containers: ContainerSettings;
}

/** Production without a chosen password would print one into the logs of a service. */
export const NEEDS_ADMIN_PASSWORD = 'PRODUCTION=1 needs ADMIN_PASSWORD on the first start. Set it, and start again.';

/** On the owner's own machine the owner decides; only PRODUCTION asks for what the page asks of everybody. */
const ownersPassword = z.string().refine((text) => Buffer.byteLength(text) <= MAX_PASSWORD_BYTES, `at most ${MAX_PASSWORD_BYTES} bytes`);

const folder = z
  .string()
  .transform(expandHome)
  .refine(isAbsolute, 'an absolute path is expected')
  .transform((path) => resolve(path));

const flag = z.union(
  [z.boolean(), z.stringbool({ truthy: ['1', 'true', 'yes', 'on'], falsy: ['0', 'false', 'no', 'off'] })],
  '1 or 0 is expected',
);

const port = z
  .union(
    [
      z.int(),
      z
        .string()
        .regex(/^\d{1,5}$/)
        .transform(Number),
    ],
    'a port from 0 to 65535 is expected',
  )
  .refine((value) => value >= 0 && value <= 65_535, 'a port from 0 to 65535 is expected');

const hostName = z
  .string()
  .regex(/^(?:[a-z0-9-]+\.)*[a-z0-9-]+$/i, 'names such as toru.home.lan are expected')
  .transform((name) => name.toLowerCase());
/** In the environment with commas between, in the file also a list. */
const list = z.union([
  z.string().transform((text) =>
    text
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  ),
  z.array(z.string()),
]);
const hostNames = list.pipe(z.array(hostName));
/** Checked here; each with its length. */
const addressRanges = list.pipe(z.array(addressRange.transform(({ address, bits }) => `${address}/${bits}`)));

const VARIABLES = {
  ADMIN_USERNAME: username.default('admin'),
  ADMIN_PASSWORD: ownersPassword.nullable().default(null),
  PRODUCTION: flag.default(false),
  STEERING_HOST: z
    .string()
    .regex(/^[\w.:-]{1,253}$/, 'an address or a name is expected')
    .default('127.0.0.1'),
  STEERING_PORT: port.default(3000),
  TORU_ALLOWED_HOSTS: hostNames.default([]),
  TORU_TRUSTED_PROXIES: addressRanges.default([]),
  TORU_SCRIPTS_DIR: folder.nullable().default(null),
  TORU_EDGE_URL: edgeUrl.nullable().default(null),
  TORU_EDGE_KEY: z
    .string()
    .regex(/^[\w-]{43}$/, 'a key of 43 characters, as “toru key” shows it, is expected')
    .nullable()
    .default(null),
  TORU_HOST_AWAY_AFTER_S: z
    .union(
      [
        z.int(),
        z
          .string()
          .regex(/^\d{1,6}$/)
          .transform(Number),
      ],
      'a number of seconds is expected',
    )
    .pipe(z.int().min(5).max(86_400))
    .default(120),
  TORU_TEST_PUSH_ORIGIN: z
    .string()
    .refine((text) => URL.canParse(text) && new URL(text).origin === text, 'an origin such as http://127.0.0.1:9999 is expected')
    .nullable()
    .default(null),
  TORU_CONTAINER_SOCKET: z.string().default(''),
  TORU_RUNNER_IMAGE: z.string().default(''),
  TORU_KUBE_CONTEXT: z.string().default(''),
  TORU_KUBE_NAMESPACE: z.string().default(''),
  TORU_POD_HELPER_IMAGE: z.string().default(HELPER_IMAGE),
  LOG_LEVEL: z.enum(LOG_LEVELS, `one of ${LOG_LEVELS.join(', ')} is expected`).default('info'),
};
export const NAMES: readonly string[] = Object.keys(VARIABLES);

/**
 * The configuration, with TORU_HOME made when it is missing.
 * @throws StartError in one line: another platform, a folder that is not ours, an unknown or a wrong value, by file and name.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>, platform: string = process.platform): Config {
  if (platform !== 'linux' && platform !== 'darwin') throw new StartError(`Toru's agent runs on Linux and macOS, not on ${platform}.`);
  const home = resolve(expandHome(given(env['TORU_HOME']) ?? '~/.toru'));
  prepareHome(home);
  const file = join(home, 'config.toml');
  const inFile = readFile(file);
  const values = checkValues(env, (name) => inFile.get(name), file);
  const config: Config = {
    home,
    // systemd lists several with colons between.
    logs_dir: given(env['LOGS_DIRECTORY'])?.split(':')[0] ?? join(home, 'logs'),
    scripts_dir: values.TORU_SCRIPTS_DIR,
    admin_username: values.ADMIN_USERNAME,
    admin_password: values.ADMIN_PASSWORD,
    production: values.PRODUCTION,
    bind_host: values.STEERING_HOST,
    bind_port: values.STEERING_PORT,
    allowed_hosts: values.TORU_ALLOWED_HOSTS,
    trusted_proxies: values.TORU_TRUSTED_PROXIES,
    log_level: values.LOG_LEVEL,
    edge:
      values.TORU_EDGE_URL === null || values.TORU_EDGE_KEY === null
        ? values.TORU_EDGE_URL
        : { ...values.TORU_EDGE_URL, key: values.TORU_EDGE_KEY },
    page_origin: given(env['TORU_PAGE_ORIGIN']) ?? values.TORU_EDGE_URL?.origin ?? null,
    host_away_after_s: values.TORU_HOST_AWAY_AFTER_S,
    test_push_origin: values.TORU_TEST_PUSH_ORIGIN,
    containers: {
      socket: values.TORU_CONTAINER_SOCKET,
      runner_image: values.TORU_RUNNER_IMAGE,
      kube_context: values.TORU_KUBE_CONTEXT,
      kube_namespace: values.TORU_KUBE_NAMESPACE,
      helper_image: values.TORU_POD_HELPER_IMAGE,
      pending_ms: PENDING_MS,
    },
  };
  if (config.production && config.admin_password !== null && config.admin_password.length < MIN_PASSWORD_CHARS) {
    throw new StartError(`ADMIN_PASSWORD: at least ${MIN_PASSWORD_CHARS} characters are expected with PRODUCTION=1.`);
  }
  // Said here, before anything listens or is made; first-admin.ts asks the table of users.
  if (config.production && config.admin_password === null && !existsSync(join(home, 'toru.db'))) throw new StartError(NEEDS_ADMIN_PASSWORD);
  return config;
}

/** Checks values before anybody starts with them, such as those of a service to be installed. @throws StartError by the name. */
export function checkVariables(env: Readonly<Record<string, string | undefined>>): void {
  checkValues(env, () => undefined, '');
}

/** What config.toml of a home says of a variable; undefined when nothing. @throws StartError */
export function inConfigFile(home: string, name: string): unknown {
  return readFile(join(home, 'config.toml')).get(name)?.value;
}

function checkValues(
  env: Readonly<Record<string, string | undefined>>,
  inFile: (name: string) => { key: string; value: unknown } | undefined,
  file: string,
) {
  const raw: Record<string, unknown> = {};
  for (const name of NAMES) raw[name] = given(env[name]) ?? inFile(name)?.value;
  const checked = z.object(VARIABLES).safeParse(raw);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const name = String(issue?.path[0]);
  const fromFile = given(env[name]) === undefined ? inFile(name) : undefined;
  // The value is not repeated: it may be a password.
  throw new StartError(`${fromFile === undefined ? name : `${file}: ${fromFile.key}`}: ${issue?.message ?? 'not as expected'}.`);
}

/** A unit file and a container know no `~`. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}

/** An empty variable is how a unit file or a shell says "not set". */
function given(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}

/** By the variable's name. @throws StartError for a key that is none of them. */
function readFile(file: string): Map<string, { key: string; value: unknown }> {
  const found = new Map<string, { key: string; value: unknown }>();
  for (const [key, value] of Object.entries(parseFile(file))) {
    const name = NAMES.find((known) => keyOf(known) === keyOf(key));
    if (name === undefined) throw new StartError(`${file}: unknown key “${key}”. Known are ${NAMES.map(keyOf).join(', ')}.`);
    if (found.has(name)) throw new StartError(`${file}: “${key}” is set twice.`);
    found.set(name, { key, value });
  }
  return found;
}

function parseFile(file: string): Record<string, unknown> {
  if (!existsSync(file)) return {};
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (error) {
    // Not the library's message: it quotes the lines around, and a password may stand there.
    const where =
      error instanceof TomlError
        ? `line ${error.line}, column ${error.column} is not TOML`
        : error instanceof Error
          ? error.message
          : String(error);
    throw new StartError(`${file}: ${where}.`);
  }
}

/** In config.toml the variable's own name counts, and also the same in small letters without `TORU_`. */
export function keyOf(name: string): string {
  return name.toLowerCase().replace(/^toru_/, '');
}
