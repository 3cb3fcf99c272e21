/** Numbers of terminals, for whoever needs no schema: the process that keeps them is small. */

/** The log of a terminal is kept in segments of so many bytes, … */
export const SEGMENT_BYTES = 4 * 1024 * 1024;
/** … and at least so many of its last bytes are there. A viewer is told of what went before by a `gap`. */
export const KEPT_BYTES = 64 * 1024 * 1024;
/** Input that a program has not read yet. Past it, input is refused with an error, and none of that frame is typed. */
export const MAX_WAITING_INPUT = 256 * 1024;
/**
 * What a viewer of a terminal may leave unacknowledged, at most: what is on its way stands before the answer to ^C, and with 20 viewers
 * before every key of another terminal. More than a quarter of any window that its connection is told of (MAX_VIEWER_WINDOW).
 */
export const TERMINAL_WINDOW = 256 * 1024;
/** Of one host, at the same time. */
export const MAX_TERMINALS = 64;
