/**
 * Is this request path one that two routers could read differently: with an encoded dot, slash, backslash or NUL, a
 * backslash, an empty segment, or `.` and `..`? Edge and agent answer `bad_path` to it.
 * @param path as it came, encoded, without query.
 */
export function isAmbiguousPath(path: string): boolean {
  return /%(?:2e|2f|5c|00)|[\\\0]|\/\/|\/\.{1,2}(?:\/|$)/i.test(path);
}
