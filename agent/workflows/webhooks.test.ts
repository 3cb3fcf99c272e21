import { createHmac, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LinkWebhook } from '../../shared/webhooks.ts';
import { refusalOf, type Signature } from './webhook-signature.ts';
import { makeWorkflows, type WorkflowsHarness } from './workflows-harness.ts';

/** Requests to hooks, as the edge passes them on: who may, what the task reads, and that a delivery starts one job. */

let h: WorkflowsHarness;
beforeAll(async () => {
  h = await makeWorkflows();
  const hook = (name: string, more = ''): string => `  ${name}: { type: webhook, name: ${name}, task: say${more} }\n`;
  h.write(
    'hooks.yaml',
    `actions:
  say:
    type: script
    script: |
      printf 'OUTPUT: {"ref":"%s"}\\n' "$REF"
    env: { REF: "{{ input.ref }}" }
    input: { ref: { type: string }, where: { type: string } }
tasks:
  say:
    input: { where: { type: string } }
    flow:
      say: { action: say, input: { ref: "{{ input.body.ref | default(value='none') }}", where: "{{ input.where | default(value='-') }}" } }
triggers:
${hook('open')}${hook('kept', ', secret: "{{ secret.HOOK }}", input: { where: here }')}${hook('off', ', enabled: false')}${hook('gets', ', allow_get: true')}${hook('waits', ', mode: sync')}${hook('stripe', ', signature: stripe, keep: true, secret: "{{ secret.HOOK }}"')}${hook('stripe-now', ', signature: stripe, secret: "{{ secret.HOOK }}"')}${hook('later', ', keep: true')}${hook('off-later', ', keep: true, enabled: false')}${hook('github', ', signature: github, secret: "{{ secret.HOOK }}"')}${hook('standard', ', signature: standard-webhooks, secret: "{{ secret.HOOK }}"')}`,
  );
  await h.ask(h.admin, 'PUT', '/api/secrets/HOOK', { value: 'correct horse' });
  await h.load();
});
afterAll(() => h.close());

function asked(
  name: string,
  fields: { body?: object; headers?: Record<string, string>; method?: 'GET' | 'POST'; query?: string; kept?: LinkWebhook['kept'] } = {},
): LinkWebhook {
  const body = fields.body === undefined ? '' : JSON.stringify(fields.body);
  const headers = { ...(body === '' ? {} : { 'content-type': 'application/json' }), ...fields.headers };
  return {
    name,
    method: fields.method ?? 'POST',
    query: fields.query ?? '',
    headers: Object.entries(headers),
    body: Buffer.from(body).toString('base64'),
    address: '192.0.2.7',
    kept: fields.kept,
  };
}
const take = (name: string, fields?: Parameters<typeof asked>[1]) => h.services.workflows.webhooks.take(asked(name, fields));
const refused = (code: string) => expect.objectContaining({ code });

test('starts its task with the request as input, and says where', async () => {
  const answer = await take('open', { body: { ref: 'main' }, headers: { 'x-event': 'push' }, query: 'a=1&secret=s' });
  expect(answer).toMatchObject({ trigger: 'open', task: 'say', ended: null, wait_s: 0 });
  const job = await h.ended(answer.job_id);
  expect(job).toMatchObject({
    state: 'completed',
    source: 'webhook',
    source_id: 'open',
    input: { body: { ref: 'main' }, method: 'POST', query: { a: '1' }, headers: { 'x-event': 'push' } },
  });
  expect(job.steps[0]).toMatchObject({ output: { ref: 'main' } });
});

test('asks for its secret, which lies in the host’s store, and keeps the sender’s proof out of the job', async () => {
  for (const fields of [{}, { query: 'secret=wrong' }, { headers: { authorization: 'Bearer nope' } }])
    await expect(take('kept', fields)).rejects.toEqual(refused('invalid_credentials'));
  const byHeader = await take('kept', { headers: { authorization: 'Bearer correct horse', 'x-gitlab-token': 'correct horse' } });
  const byQuery = await take('kept', { query: 'secret=correct%20horse' });
  for (const { job_id } of [byHeader, byQuery]) {
    const job = await h.ended(job_id);
    expect(job).toMatchObject({ state: 'completed', input: { where: 'here' } });
    expect(JSON.stringify(job)).not.toContain('correct horse');
  }
});

test('that is unknown or switched off is nowhere; GET starts only what says so', async () => {
  await expect(take('nowhere')).rejects.toEqual(refused('not_found'));
  await expect(take('off')).rejects.toEqual(refused('not_found'));
  await expect(take('open', { method: 'GET' })).rejects.toEqual(refused('method_not_allowed'));
  expect((await h.ended((await take('gets', { method: 'GET', query: 'a=1' })).job_id)).input).toMatchObject({ method: 'GET', body: null });
});

test('a delivery that comes twice starts one job; another body under its id is refused', async () => {
  const headers = { 'x-github-delivery': 'd-1' };
  const [one, two] = await Promise.all([take('open', { body: { ref: 'a' }, headers }), take('open', { body: { ref: 'a' }, headers })]);
  expect(two.job_id).toBe(one.job_id);
  expect((await take('open', { body: { ref: 'a' }, headers })).job_id).toBe(one.job_id);
  await expect(take('open', { body: { ref: 'b' }, headers })).rejects.toEqual(refused('request_id_reused'));
});

test('in sync it answers with the job’s end, and the edge may ask again', async () => {
  const answer = await take('waits', { body: { ref: 'main' } });
  expect(answer).toMatchObject({ wait_s: 30, ended: { state: 'completed', error: null } });
  expect(JSON.parse(answer.ended?.output ?? '')).toEqual({ say: { ref: 'main' } });
  expect(await h.services.workflows.webhooks.job({ name: 'waits', job_id: answer.job_id })).toEqual(answer);
  await expect(h.services.workflows.webhooks.job({ name: 'open', job_id: answer.job_id })).rejects.toEqual(refused('not_found'));
});

test('GitHub’s signature is over the bytes', async () => {
  const body = { ref: 'refs/heads/main' };
  const sign = (secret: string) => `sha256=${createHmac('sha256', secret).update(JSON.stringify(body)).digest('hex')}`;
  await expect(take('github', { body, headers: { 'x-hub-signature-256': sign('another') } })).rejects.toEqual(
    refused('invalid_credentials'),
  );
  await expect(take('github', { body, headers: { authorization: 'Bearer correct horse' } })).rejects.toEqual(
    refused('invalid_credentials'),
  );
  expect(await take('github', { body, headers: { 'x-hub-signature-256': sign('correct horse') } })).toMatchObject({ task: 'say' });
});

/** As Stripe signs it, some time ago. */
function striped(body: object, ms: number): Record<string, string> {
  const time = Math.floor((Date.now() - ms) / 1000);
  const v1 = createHmac('sha256', 'correct horse').update(`${time}.`).update(JSON.stringify(body)).digest('hex');
  return { 'stripe-signature': `t=${time},v1=${v1}` };
}

test('what Stripe signed starts one job, however its header is written', async () => {
  const body = { ref: 'stripe' };
  const signed = striped(body, 1000)['stripe-signature'] ?? '';
  const { job_id } = await take('stripe-now', { body, headers: { 'stripe-signature': signed } });
  for (const written of [`${signed},v0=other`, signed.replace(',', ' , '), `v1=wrong,${signed}`])
    expect(await take('stripe-now', { body, headers: { 'stripe-signature': written } }), written).toMatchObject({ job_id });
  const another = await take('stripe-now', { body, headers: striped(body, 5000) });
  expect(another.job_id).not.toBe(job_id);
});

test('one without an id that could be recorded, and a secret that is no key, are refused', async () => {
  const time = Math.floor(Date.now() / 1000);
  const signed = (id: string, key: Buffer): LinkWebhook => {
    const sign = createHmac('sha256', key).update(`${id}.${time}.{}`).digest('base64');
    return asked('standard', {
      body: {},
      headers: { 'webhook-id': id, 'webhook-timestamp': String(time), 'webhook-signature': `v1,${sign}` },
    });
  };
  const with_ = (value: string) => h.ask(h.admin, 'PUT', '/api/secrets/HOOK', { value });
  const { webhooks } = h.services.workflows;
  try {
    const key = Buffer.from('a key of the test');
    await with_(`whsec_${key.toString('base64')}`);
    expect(await webhooks.take(signed('m-1', key))).toMatchObject({ task: 'say' });
    await expect(webhooks.take(signed('', key))).rejects.toMatchObject({
      code: 'invalid_credentials',
      message: expect.stringContaining('webhook-id'),
    });
    for (const value of ['whsec_', '!!', 'whsec_!!']) {
      await with_(value);
      await expect(webhooks.take(signed('m-2', Buffer.alloc(0))), value).rejects.toMatchObject({
        message: expect.stringContaining('base64'),
      });
    }
  } finally {
    await with_('correct horse');
  }
});

const HOUR = 3_600_000;
/** As the edge says it of what came some time ago. */
const kept = (ms: number) => ({ id: randomUUID(), arrived_at: Date.now() - ms });

test('the edge hears which hooks say keep, and hears it again when one is switched', async () => {
  const { webhooks } = h.services.workflows;
  expect(webhooks.keptNames()).toEqual(['later', 'stripe']);
  let heard = 0;
  const stop = webhooks.onKeptNames(() => {
    heard += 1;
  });
  await h.ask(h.admin, 'POST', '/api/workspaces/ws/triggers/later/disable');
  expect([heard, webhooks.keptNames()]).toEqual([1, ['stripe']]);
  await h.ask(h.admin, 'POST', '/api/workspaces/ws/triggers/later/enable');
  expect([heard, webhooks.keptNames()]).toEqual([2, ['later', 'stripe']]);
  stop();
});

test('one that the edge kept starts one job, however often it is delivered', async () => {
  const once = kept(HOUR);
  const answers = [];
  for (let i = 0; i < 3; i += 1) answers.push(await take('later', { body: { ref: 'a' }, kept: once }));
  expect(new Set(answers.map(({ job_id }) => job_id)).size).toBe(1);
  // The same request, sent again by its sender, is another one where nothing names it.
  expect((await take('later', { body: { ref: 'a' }, kept: kept(HOUR) })).job_id).not.toBe(answers[0]?.job_id);
});

test('a signature with a time counts when the request came, for a day, and only where the hook lets the edge keep it', async () => {
  const body = { ref: 'paid' };
  const headers = striped(body, 3 * HOUR);
  await expect(take('stripe', { body, headers })).rejects.toEqual(refused('invalid_credentials'));
  await expect(take('stripe', { body, headers, kept: kept(2 * HOUR) })).rejects.toEqual(refused('invalid_credentials'));
  await expect(take('stripe-now', { body, headers, kept: kept(3 * HOUR) })).rejects.toEqual(refused('invalid_credentials'));
  const old = striped(body, 30 * HOUR);
  await expect(take('stripe', { body, headers: old, kept: kept(30 * HOUR) })).rejects.toEqual(refused('too_late'));
  await expect(take('stripe', { body, headers, kept: kept(-HOUR) })).rejects.toEqual(refused('too_late'));
  const { job_id } = await take('stripe', { body, headers, kept: kept(3 * HOUR) });
  expect((await h.ended(job_id)).state).toBe('completed');
  // An edge that lies about its id, or adds another name of the delivery, sends nothing twice.
  const again = await take('stripe', { body, headers: { ...headers, 'x-github-delivery': 'another' }, kept: kept(3 * HOUR) });
  expect(again.job_id).toBe(job_id);
});

test('a sender’s second try has other headers, and starts nothing', async () => {
  const headers = { 'idempotency-key': 'order-1', 'x-request-id': 'one' };
  const { job_id } = await take('open', { body: { ref: 'a' }, headers });
  expect((await take('open', { body: { ref: 'a' }, headers: { ...headers, 'x-request-id': 'two' } })).job_id).toBe(job_id);
});

const NOW = Date.UTC(2026, 10, 29);
const BODY = Buffer.from('{"a":1}');
const T = String(NOW / 1000);
const KEY = Buffer.from('a key of 24 bytes, or so');
const hmac = (key: string | Buffer, text: string, form: 'hex' | 'base64') =>
  createHmac('sha256', key).update(text).update(BODY).digest(form);
const said = (signature: Signature, secret: string, headers: Record<string, string>, late = 0) =>
  refusalOf(signature, secret, { header: (name) => headers[name], query: new URLSearchParams(), body: BODY, now: NOW + late });

test('Standard Webhooks: one of several signatures, within five minutes', () => {
  const secret = `whsec_${KEY.toString('base64')}`;
  const headers = { 'webhook-id': 'm1', 'webhook-timestamp': T, 'webhook-signature': `v1,AAAA v1,${hmac(KEY, `m1.${T}.`, 'base64')}` };
  expect(said('standard-webhooks', secret, headers)).toBeNull();
  expect(said('standard-webhooks', secret, headers, 301_000)).toContain('five minutes');
  expect(said('standard-webhooks', secret, headers, -301_000)).toContain('five minutes');
  expect(said('standard-webhooks', secret, { ...headers, 'webhook-id': 'm2' })).toContain('wrong');
  expect(said('standard-webhooks', secret, {})).toContain('missing');
});

test('Stripe: the time is signed, too', () => {
  const headers = { 'stripe-signature': `t=${T},v1=${'0'.repeat(64)},v1=${hmac('whsec_x', `${T}.`, 'hex')}` };
  expect(said('stripe', 'whsec_x', headers)).toBeNull();
  expect(said('stripe', 'whsec_x', headers, 301_000)).toContain('five minutes');
  expect(said('stripe', 'whsec_y', headers)).toContain('wrong');
  expect(said('stripe', 'whsec_x', { 'stripe-signature': `t=${Number(T) + 1},v1=${hmac('whsec_x', `${T}.`, 'hex')}` })).toContain('wrong');
});
