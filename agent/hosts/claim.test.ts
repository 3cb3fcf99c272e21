import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { claimRequest, claimStatement } from '../../shared/claim.ts';
import { fromBase64Url } from '../../shared/encoding.ts';
import { purposed } from '../../shared/grant.ts';
import { newCode, readCode } from '../../shared/setup-code.ts';
import { loadIdentity, verifyWith } from '../link/identity.ts';
import { claimEdge } from './claim.ts';

const folder = mkdtempSync(join(tmpdir(), 'toru-claim-'));
const identity = loadIdentity(folder);
const self = { id: '0f8fad5b-d9cb-469f-a165-70867728950e', name: 'cellar' };
const cleanups: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
afterEach(() => {
  for (const clean of cleanups.splice(1)) clean();
});

/** An edge that answers this to each claim. */
async function edge(status: number, answer: (origin: string, request: { headers: object; body: string }) => object): Promise<string> {
  const server = createServer(async (request, response) => {
    const body = await text(request);
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify(answer(origin, { headers: request.headers, body })));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  return origin;
}

test('what it sends is signed by the host, for this edge alone', async () => {
  const code = newCode();
  const installation = '6f9619ff-8b86-4d01-b42d-00c04fc964ff';
  const origin = await edge(200, (own, { headers, body }) => {
    const { setup_code, signature, ...claim } = claimRequest.parse(JSON.parse(body));
    expect(headers).toMatchObject({ origin: own, 'content-type': 'application/json' });
    expect(setup_code).toBe(readCode(code));
    expect(claim).toMatchObject({ host: self.id, name: self.name });
    expect(verifyWith(identity.publicKey, purposed('claim', claimStatement({ ...claim }, own)), fromBase64Url(signature))).toBe(true);
    return { installation, host: self.id, recovery_code: 'XXXX' };
  });
  // As it stands in a file, with the end of its line.
  expect(await claimEdge(`${origin}/`, identity, self, `${code}\n`)).toEqual({ installation, host: self.id, recovery_code: 'XXXX' });
});

test('a slip of the hand is said before anything is sent', async () => {
  const never = await edge(200, () => {
    throw new Error('asked');
  });
  await expect(claimEdge(never, identity, self, newCode().replace(/.$/, 'U'))).rejects.toMatchObject({ code: 'bad_request' });
});

test('each refusal says what to do', async () => {
  const refusing = (status: number, error: object) => edge(status, () => ({ error }));
  const limited = await refusing(429, { code: 'too_many_attempts', message: 'Try again in 9 s.', retry_after: 9 });
  await expect(claimEdge(limited, identity, self, newCode())).rejects.toMatchObject({
    code: 'too_many_attempts',
    extra: { retry_after: 9 },
  });
  const used = await refusing(403, { code: 'claim_refused', message: 'used up' });
  await expect(claimEdge(used, identity, self, newCode())).rejects.toMatchObject({ code: 'claim_refused', message: 'used up' });
  const embedded = await refusing(404, { code: 'not_found', message: 'nothing' });
  await expect(claimEdge(embedded, identity, self, newCode())).rejects.toThrow('takes no claim');
  const other = await edge(200, () => ({ hello: 'world' }));
  await expect(claimEdge(other, identity, self, newCode())).rejects.toThrow('not as Toru does');
  await expect(claimEdge('http://127.0.0.1:1', identity, self, newCode())).rejects.toThrow(/No answer from .*: .+Is the address right/);
});
