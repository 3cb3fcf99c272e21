/** Every number that both sides must agree on, and where it comes from. Bytes and milliseconds unless the name says otherwise. */

const KiB = 1024;
const MiB = 1024 * KiB;

/** The version of the browser's and the link's language. Raised when an old peer would misread a new one. */
export const PROTOCOL_VERSION = 1;
/** The oldest that this build still speaks (protocol.ts): page, edge and agent are never updated in the same moment. */
export const OLDEST_PROTOCOL = 1;

// The browser's socket
/** A frame from a browser. Inputs are ≤ 128 KiB each (an argv limit of Linux, MAX_ARG_STRLEN). */
export const MAX_CLIENT_FRAME = 256 * KiB;
/** Output in one frame: 64 KiB carried 224 MB/s through a bare object, 16 KiB 192 MB/s. */
export const MAX_OUTPUT_FRAME = 64 * KiB;
/** The output that a viewer may have unacknowledged: 1 MiB reached full speed, 4 MiB no more. */
export const MAX_VIEWER_WINDOW = MiB;
/** Below this a viewer would wait for every acknowledgement; 2,000 viewers reach it. */
export const MIN_VIEWER_WINDOW = 16 * KiB;
/** The output that all viewers of one Host object may have in flight together; the object has 128 MB in all. */
export const OBJECT_WINDOW_BUDGET = 32 * MiB;
/**
 * In a flood of output, a frame that is not full waits at most so long for company before it is published: one in so many ms. …
 */
export const COALESCE_MS = 16;
/** … So many go at once before any waits: what comes seldom, and what a key brings, is no flood. */
export const FRAMES_AT_ONCE = 8;
/** Frames a second from one browser socket, and the burst above it. */
export const CLIENT_FRAMES_PER_S = 100;
export const CLIENT_FRAMES_BURST = 300;
/** Of all sockets and sessions of one user together. A page that types and presses in three tabs at once stays below. */
export const USER_FRAMES_PER_S = 300;
export const USER_FRAMES_BURST = 900;
/** Acknowledgements apart: one for every frame of output must be possible, and 64 KiB frames come at up to 3,500 a second. */
export const CLIENT_ACKS_PER_S = 4000;
export const CLIENT_ACKS_BURST = 8000;
/** No more than one socket at full speed: what one user's take in the agent and the object, others wait for. */
export const USER_ACKS_PER_S = 4000;
export const USER_ACKS_BURST = 8000;
/**
 * The size of the frames of one user that may be on their way to the host and waiting there, in UTF-16 units: four of the largest
 * frames, which an agent reads in 10 ms. All users of an object together have 24 times as much: the object has 128 MB.
 */
export const USER_FRAMES_WINDOW = MiB;
export const OBJECT_FRAMES_WINDOW = 24 * USER_FRAMES_WINDOW;
/** Frames up to this (acknowledgements, cancels, keystrokes) have room of their own beside it: large ones don't keep them out. */
export const SMALL_FRAME = 4 * KiB;
export const SMALL_FRAMES_WINDOW = 256 * KiB;
/**
 * All that one user says on all their sockets, in bytes: 16 of the largest frames a second. The front of the embedded edge reads
 * them no faster. Where there is no front, nothing can be left unread: a user who says four times as much is closed.
 */
export const USER_BYTES_PER_S = 4 * MiB;
export const USER_BYTES_BURST = 4 * MiB;
export const MAX_SOCKETS_PER_SESSION = 20;
/** All sessions of a user together, at one host: a login more is no way to more sockets. */
export const MAX_SOCKETS_PER_USER = 60;
/** A serialised attachment is ≤ 16,384 bytes: https://developers.cloudflare.com/durable-objects/api/state/ */
export const MAX_TOPICS_PER_SOCKET = 64;

// The link
export const HEARTBEAT_MS = 15_000;
/** Without a sign of life for so long, a link is dead: two heartbeats and a half, within the promised 40 s. */
export const LINK_DEAD_MS = 38_000;
/** The agent stops handing output to its socket above this, and sooner on a slow line (send-window.ts). */
export const LINK_HIGH_WATER = 256 * KiB;
/** Received WebSocket messages are ≤ 32 MiB on Cloudflare; ours stay far below. */
export const MAX_LINK_FRAME = 1 * MiB;
/** A child of `npm start` says so often that it is alive, and is killed and started again after so many silences in a row. */
export const ALIVE_EVERY_MS = 10_000;
export const ALIVE_MISSES = 3;
export const UNPROVEN_SOCKETS = 16;
export const UNPROVEN_MS = 10_000;
export const UNPROVEN_BYTES = 4 * KiB;
/** How far the clock of a host that dials may be off. Farther, and the edge tells it the time. */
export const DIAL_CLOCK_MS = 60_000;
/** How long the live link of a host may take to answer when another one with its key comes. */
export const LINK_PROBE_MS = 5000;
/** How seldom an agent dials again whose key another one, which is live, links with. */
export const DUPLICATE_RETRY_MS = 5 * 60_000;
export const BACKOFF_BASE_MS = 500;
export const BACKOFF_MAX_MS = 30_000;
export const BACKOFF_HEALTHY_MS = 60_000;

// Runs that wait at the edge for a host that is away
export const MAX_PENDING_RUNS = 200;
export const MAX_PENDING_PER_USER = 20;
export const MAX_PENDING_BYTES = 16 * KiB;
export const MAX_PENDING_S = 24 * 3600;
export const PENDING_DEFAULT_S = 3600;

// The tunnel
export const TUNNEL_WINDOW = MiB;
export const TUNNEL_FRAME = 64 * KiB;
/**
 * What the bodies of one user's requests have of the way to the host, in bytes: four of the largest in JSON at once, then
 * eight a second. Each of those costs edge and host some 30 ms of a processor.
 */
export const USER_BODIES_BURST = 4 * MiB;
export const USER_BODIES_PER_S = 8 * MiB;
export const TUNNEL_HEAD_TIMEOUT_MS = 30_000;
/** Of a request or an answer: what a browser sends is a dozen; a plugin's own (`x-…`) come on top. */
export const TUNNEL_MAX_HEADERS = 40;
/** A JSON body; uploads have their own limit when something takes one. */
export const MAX_JSON_BODY = 1 * MiB;

// Sessions and grants
export const SESSION_IDLE_MS = 7 * 24 * 3_600_000;
export const SESSION_ABSOLUTE_MS = 30 * 24 * 3_600_000;
export const GRANT_LIFE_MS = 3_600_000;
/** A grant for a member lives for the setting `grant_minutes`, and never longer than this. */
export const MEMBER_GRANT_MOST_MS = 24 * 3_600_000;
/** A grant is renewed when less than this is left of it. */
export const GRANT_RENEW_MS = 15 * 60_000;
/** Users, keys and scripts_dir need a password typed within this time. */
export const REAUTH_MS = 15 * 60_000;
/** A live socket's session is looked up again at least this often. */
export const SESSION_RECHECK_MS = 60_000;
/** Argon2 takes any length; a megabyte of password would only be work for us. */
export const MAX_PASSWORD_BYTES = 1024;
/** Of a login as a request: the longest name and password, each character escaped. */
export const MAX_LOGIN_BODY = 16 * 1024;
export const MIN_PASSWORD_CHARS = 8;
/** A link of `toru login-link` is good for so long. */
export const LOGIN_LINK_MS = 5 * 60_000;
/** And a code that a logged-in page shows for another device of the same person, who confirms it there. */
export const DEVICE_CODE_MS = 2 * 60_000;

// Runs
export const MAX_ARGS = 256;
/** Linux: MAX_ARG_STRLEN, 32 pages. Longer and execve says E2BIG. */
export const MAX_ARG_BYTES = 128 * KiB - 1;
/** Unless its action says otherwise. */
export const CANCEL_GRACE_MS = 10_000;
export const MAX_GRACE_S = 3600;
/** Options of one choice: more is a search, not a choice. */
export const MAX_OPTIONS = 200;
/** A script that is read and written in the page, in UTF-16 units; a larger one is a program. */
export const MAX_SCRIPT_CHARS = 256 * KiB;
export const SCRIPT_VERSIONS = 10;
/** What one run may leave in its folder for results, together, and how many files are shown. */
export const MAX_ARTIFACT_BYTES = 256 * MiB;
export const MAX_ARTIFACTS = 100;
/** As much of a text, and of an image, is shown in the page. */
export const SHOWN_TEXT_BYTES = MiB;
export const SHOWN_IMAGE_BYTES = 10 * MiB;
/** What the script that gives the options of a choice has: seconds, bytes of output, options. */
export const OPTIONS_TIMEOUT_S = 10;
export const OPTIONS_OUTPUT_BYTES = 256 * KiB;
export const MAX_SCRIPT_OPTIONS = 1000;
export const MAX_OPTION_CHARS = 1024;
/** One file of a press. Toru's edge takes no larger body. */
export const MAX_UPLOAD_BYTES = 100_000_000;
export const DEFAULT_UPLOAD_BYTES = 10_000_000;
/** Files of one user that no press has named yet, together; … */
export const USER_UPLOADS = 16;
export const USER_UPLOAD_BYTES = 256 * MiB;
/** … each for so long. */
export const UPLOAD_WAITS_MS = 10 * 60_000;
/** Of one answer, as JSON: what a person would rather not type again, not a document. */
export const MAX_REMEMBERED_CHARS = 8 * KiB;
/** Fixed ones of an action. */
export const MAX_VARIABLES = 64;
export const MAX_VARIABLE_CHARS = 4096;
export const MAX_STDIN_FRAME = 64 * KiB;
/** The size of a terminal, in characters. */
export const MAX_COLS = 1000;
export const MAX_ROWS = 1000;
/** A note on a run, in UTF-16 units: a thought about it, not a file. */
export const MAX_NOTE_CHARS = 2000;
export const MAX_QUEUE_PER_ACTION = 100;
/** Places of one answer of a search in one run's output: so many a reader steps through, and each costs two numbers. */
export const MAX_PLACES_FOUND = 10_000;
export const MAX_PAGE_SIZE = 200;
export const DEFAULT_PAGE_SIZE = 50;
export const MAX_OUTPUT_READ = 8 * MiB;

/**
 * How many bytes of output one viewer may have unacknowledged when `viewers` share a Host object: its part of the
 * budget, as a power of two so that it seldom changes, never above MAX_VIEWER_WINDOW.
 */
export function viewerWindow(viewers: number): number {
  const part = OBJECT_WINDOW_BUDGET / Math.max(1, viewers);
  return Math.min(MAX_VIEWER_WINDOW, Math.max(MIN_VIEWER_WINDOW, 2 ** Math.floor(Math.log2(part))));
}
