import { PROTOCOL_VERSION } from '../../shared/limits.ts';
import { agreeOn } from '../../shared/protocol-version.ts';
import { CLOSE } from '../../shared/wire.ts';
import type { EdgeContext } from './edge-context.ts';

/**
 * The words of a page about itself when it opens its socket, `?v=<newest protocol>&build=<its entry script>`, against what this
 * edge speaks and serves. A program that says neither is taken for one of today.
 */
export interface PageVersion {
  /** The protocol that this edge and the page speak; null for a page that has to be loaded again first. */
  protocol: number | null;
  /** Another build is served by now; this one still works. */
  newer_page: boolean;
}

export async function pageVersion(c: EdgeContext): Promise<PageVersion> {
  const version = Number(c.req.query('v') ?? PROTOCOL_VERSION);
  // A page newer than its edge: the edge went back, and so has the page that it serves.
  const protocol = Number.isSafeInteger(version) && version <= PROTOCOL_VERSION ? agreeOn(version) : null;
  return { protocol, newer_page: protocol !== null && (await isOtherBuild(c)) };
}

/** A build is known by the name of its entry script, which has the hash of all that it loads. */
async function isOtherBuild(c: EdgeContext): Promise<boolean> {
  const build = c.req.query('build');
  if (build === undefined || !/^[\w.-]{1,100}$/.test(build)) return false;
  const page = await c.env.ASSETS.fetch('https://assets/');
  return page.ok && !(await page.text()).includes(`"/assets/${build}"`);
}

/** The answer to a page of another protocol: a socket that closes with the code for “reload”. */
export function reloadPage(): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  server.close(CLOSE.reload, 'this page is of another version: reload it');
  return new Response(null, { status: 101, webSocket: client });
}
