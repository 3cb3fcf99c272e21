import type { BuiltOptions } from './worker-options.ts';

/** Command-line names of what the configuration leaves open. */
export const ENTRY_SOCKET = 'entry';
export const STATE_FOLDER = 'state';
export const PAGE_FOLDER = 'files';

/** V8's young generation as the agent's: a flood of frames leaves garbage, and not memory that is never given back. */
const V8_FLAGS = ['--max-semi-space-size=8'];

/**
 * The configuration of workerd, in its own language (https://github.com/cloudflare/workerd, src/workerd/server/workerd.capnp):
 * the built Worker with its objects, and the page's files on the disk. The keys of the objects are those by which
 * miniflare knew them, so that an older TORU_HOME stays readable. Of networks only the public one is open, for push services
 * (worker/host/host-alerts.ts): what is on this machine, or near it, can't be fetched.
 * @param bindings texts of the Worker's environment. @param files the page's files: path → `content-type` and `etag`.
 */
export function workerdConfig(
  { compatibilityDate, compatibilityFlags, durableObjects }: BuiltOptions,
  bindings: Readonly<Record<string, string>>,
  files: object,
): string {
  const classes = Object.values(durableObjects);
  // In tests, the push service is on this machine.
  const networks = bindings['TEST_PUSH_ORIGIN'] === undefined ? ['public'] : ['public', 'local'];
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "toru", worker = .toru),
    (name = ${text(PAGE_FOLDER)}, disk = ()),
    (name = ${text(STATE_FOLDER)}, disk = (writable = true)),
    (name = "internet", network = (allow = ${list(networks.map(text))}, tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = ${text(ENTRY_SOCKET)}, http = (), service = "toru")],
  v8Flags = ${list(V8_FLAGS.map(text))},
);

const toru :Workerd.Worker = (
  modules = [
    (name = "page.js", esModule = embed "/page.js"),
    (name = "index.js", esModule = embed "/index.js"),
  ],
  compatibilityDate = ${text(compatibilityDate)},
  compatibilityFlags = ${list(compatibilityFlags.map(text))},
  durableObjectNamespaces = ${list(classes.map(namespace))},
  durableObjectStorage = (localDisk = ${text(STATE_FOLDER)}),
  bindings = ${list([
    ...Object.entries(durableObjects).map(([name, { className }]) => `(name = ${text(name)}, durableObjectNamespace = ${text(className)})`),
    `(name = "DISK", service = ${text(PAGE_FOLDER)})`,
    `(name = "FILES", json = ${text(JSON.stringify(files))})`,
    ...Object.entries(bindings).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
  ])},
);
`;
}

function namespace({ className, useSQLite }: BuiltOptions['durableObjects'][string]): string {
  return `(className = ${text(className)}, uniqueKey = ${text(`toru-${className}`)}, enableSql = ${useSQLite})`;
}

function list(items: readonly string[]): string {
  return `[${items.join(', ')}]`;
}

/** A text of Cap'n Proto, in ASCII, with the escapes of C (https://capnproto.org/language.html). */
function text(value: string): string {
  const bytes = [...new TextEncoder().encode(value)];
  return `"${bytes.map((byte) => (byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c ? String.fromCharCode(byte) : escaped(byte))).join('')}"`;
}

/** Three octal digits end by themselves; a hexadecimal escape would go on with the next character. */
function escaped(byte: number): string {
  return `\\${byte.toString(8).padStart(3, '0')}`;
}
