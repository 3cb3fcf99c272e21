import type * as z from 'zod';
import { ToruError } from '../../shared/errors.ts';
import { linkHandover } from '../../shared/handover.ts';
import { parseJson } from '../../shared/json.ts';
import { MAX_JSON_BODY } from '../../shared/limits.ts';
import { linkLoginRequest, loginRequest, logoutRequest, memberGrantRequest, renewRequest } from '../../shared/login-requests.ts';
import { linkPair, linkPairSecret, linkPairWithdrawal } from '../../shared/pairing.ts';
import type { RequestHead } from '../../shared/tunnel.ts';
import { linkWebhook, linkWebhookJob } from '../../shared/webhooks.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { Login } from '../users/login.ts';
import type { Webhooks } from '../workflows/webhooks.ts';

interface Answerers {
  login: Login;
  hosts: Pick<Hosts, 'pair' | 'pairSecret' | 'pairWithdrawn' | 'memberGrant' | 'handover'>;
  workflows: { webhooks: Pick<Webhooks, 'take' | 'job'> };
}

/** @throws ToruError, which becomes the answer. */
export async function answerLinkRequest(
  { login, hosts, workflows }: Answerers,
  head: RequestHead,
  body: ReadableStream<Uint8Array> | null,
): Promise<Response> {
  if (head.method !== 'POST') throw new ToruError('method_not_allowed', 'POST is expected.');
  const message = await readJson(body);
  switch (head.path) {
    case '/link/login': {
      const request = parse(loginRequest, message);
      return Response.json(await login.login(request));
    }
    case '/link/login-link':
      return Response.json(login.loginByLink(parse(linkLoginRequest, message)));
    case '/link/renew':
      return Response.json(login.renew(parse(renewRequest, message).grant));
    case '/link/logout':
      login.logout(parse(logoutRequest, message).sid);
      return new Response(null, { status: 204 });
    case '/link/pair':
      return Response.json(hosts.pair(parse(linkPair, message)));
    case '/link/pair-secret': {
      const { user_code, secret } = parse(linkPairSecret, message);
      hosts.pairSecret(user_code, secret);
      return new Response(null, { status: 204 });
    }
    case '/link/pair-withdraw':
      hosts.pairWithdrawn(parse(linkPairWithdrawal, message).user_code);
      return new Response(null, { status: 204 });
    case '/link/member-grant': {
      const { grant, aud } = parse(memberGrantRequest, message);
      return Response.json(hosts.memberGrant(grant, aud));
    }
    case '/link/handover':
      return Response.json(hosts.handover(parse(linkHandover, message).offer));
    case '/link/webhook':
      return Response.json(await workflows.webhooks.take(parse(linkWebhook, message)));
    case '/link/webhook-job':
      return Response.json(await workflows.webhooks.job(parse(linkWebhookJob, message)));
    // Another agent came with our key: are we there? Any answer says so.
    case '/link/alive':
      return new Response(null, { status: 204 });
    default:
      throw new ToruError('not_found', 'This host does not know that request of the edge. Update the host.');
  }
}

function parse<T>(schema: z.ZodType<T>, message: unknown): T {
  const parsed = schema.safeParse(message);
  if (parsed.success) return parsed.data;
  throw new ToruError('bad_request', 'The edge sent an incomplete request.');
}

async function readJson(body: ReadableStream<Uint8Array> | null): Promise<unknown> {
  if (body === null) return null;
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > MAX_JSON_BODY) throw new ToruError('too_large', 'That request is too large.');
    parts.push(part);
  }
  return parseJson(Buffer.concat(parts).toString('utf8'), 'The body');
}
