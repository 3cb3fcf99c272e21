/** Headers on a plugin's routes. Edge and agent read the same rule, so that a header means the same at both. */

/** Names of a program's own. Those that somebody trusts elsewhere are not: a proxy's, a server's, and ours. */
const OWN =
  /^x-(?!toru|forwarded|real-|client-|original-|rewrite-|remote-|cluster-|http-method|method-override|accel-|sendfile|frame-|content-type-|xss-|permitted-|envoy-|dns-prefetch-|download-options|webkit-csp|content-security-|lighttpd-|litespeed-|reproxy-|internal-)[a-z0-9-]{1,60}$/;

/** May a request's header `name` (small letters) go on to a plugin, beside those that may go on to the host? */
export function isPluginHeader(name: string): boolean {
  return OWN.test(name);
}
