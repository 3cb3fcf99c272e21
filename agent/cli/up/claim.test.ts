import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { claimRequest, claimStatement } from '../../../shared/claim.ts';
import { fromBase64Url } from '../../../shared/encoding.ts';
import { purposed } from '../../../shared/grant.ts';
import { newCode, readCode } from '../../../shared/setup-code.ts';
import { verifyWith } from '../../link/identity.ts';
import { tempDir } from '../../users/fixture.ts';
import { runCli } from '../cli.ts';

/** An edge from before hosts could be paired: it has the routes that it has. */
function oldEdge(): Promise<string> {
  return listening(() => (_, answer) => {
    answer.writeHead(404).end(JSON.stringify({ error: { code: 'not_found', message: 'There is nothing here.' } }));
  });
}

/** A fresh edge, as far as a claim sees it. */
function freshEdge(code: string): Promise<string> {
  return listening((url) => (query, answer) => {
    const say = (status: number, body: object): void => void answer.writeHead(status).end(JSON.stringify(body));
    if (query.url === '/api/pair') return say(409, { error: { code: 'unclaimed', message: 'No host belongs to this edge yet.' } });
    void json(query).then((body) => {
      const request = claimRequest.parse(body);
      const signed = purposed('claim', claimStatement(request, url));
      if (request.setup_code !== readCode(code) || !verifyWith(fromBase64Url(request.public_key), signed, fromBase64Url(request.signature)))
        return say(403, { error: { code: 'claim_refused', message: 'That is not the setup code of this edge.' } });
      return say(200, { installation: crypto.randomUUID(), host: request.host, recovery_code: 'RECO-VERY' });
    });
  });
}

/** @param answerAt the listener of a server at that address. */
async function listening(answerAt: (url: string) => RequestListener): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  const url = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
  server.on('request', answerAt(url));
  return url;
}

async function toru(home: string, args: string[]): Promise<{ code: number; printed: string }> {
  let printed = '';
  const write = async (data: string | Uint8Array): Promise<void> => {
    printed += String(data);
  };
  const sink = { isTTY: false, columns: 80, write };
  const interrupted = new AbortController().signal;
  const code = await runCli(args, {
    out: sink,
    err: sink,
    input: Readable.from([]),
    keyboard: null,
    env: { TORU_HOME: home },
    interrupted,
  });
  return { code, printed };
}

test('at a fresh edge the host becomes the home host by the setup code; a wrong one changes nothing', async () => {
  const code = newCode();
  const url = await freshEdge(code);
  const home = tempDir();
  const file = join(tempDir(), 'code');
  expect(await toru(home, ['up', url])).toMatchObject({ code: 125, printed: expect.stringContaining('--setup-code-file') });
  writeFileSync(file, newCode());
  const wrong = await toru(home, ['up', url, '--no-start', '--setup-code-file', file]);
  expect(wrong).toMatchObject({ code: 125, printed: expect.stringContaining('claim_refused') });
  expect(wrong.printed).not.toContain(readFileSync(file, 'utf8'));
  expect(existsSync(join(home, 'config.toml'))).toBe(false);

  writeFileSync(file, `${code}\n`);
  const done = await toru(home, ['up', url, '--no-start', '--name', 'first', '--setup-code-file', file]);
  expect(done.code).toBe(0);
  expect(done.printed).toMatch(/home host of http.*Recovery code +RECO-VERY.*Username +admin.*Password +\S+ +\(shown this once\)/s);
  expect(readFileSync(join(home, 'config.toml'), 'utf8')).toBe(`edge_url = "${url}"\n`);
  expect(existsSync(join(home, 'agent.pid'))).toBe(false);
});

test('an edge too old to pair hosts: one sentence with what to type, and nothing is left behind', async () => {
  const home = tempDir();
  const { code, printed } = await toru(home, ['up', await oldEdge(), '--no-start']);
  expect(code).toBe(125);
  expect(printed).toMatch(
    /is older than this Toru, and can’t pair hosts\. Update it \(.*toru deploy.*toru update\), then type the same again\./,
  );
  expect(existsSync(join(home, 'config.toml'))).toBe(false);
});

test.skipIf(existsSync('/run/systemd/system') || process.platform === 'darwin')(
  'without a service manager --service is refused before anything is asked or made',
  async () => {
    const home = join(tempDir(), 'home');
    expect(await toru(home, ['up', 'http://127.0.0.1:9', '--service'])).toMatchObject({
      code: 125,
      printed: expect.stringContaining('No systemd runs here'),
    });
    expect(existsSync(home)).toBe(false);
  },
);
