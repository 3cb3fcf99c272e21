import type { List } from '../../shared/api.ts';
import type { HomeMoved } from '../../shared/handover.ts';
import { homeMoveRequest } from '../../shared/handover.ts';
import type { Member, MemberPresence, Membership, MemberWords } from '../../shared/members.ts';
import { memberParams, memberPatch, trustRequest } from '../../shared/members.ts';
import type { Invite, MadeInvite, Pairing, PairingOutcome } from '../../shared/pairing.ts';
import { inviteCreate, inviteParams, pairingApproval, pairingParams } from '../../shared/pairing.ts';
import { resource, router } from '../http/router.ts';
import { body, params } from '../http/validate.ts';
import { admin, adminLately, any } from '../users/permissions.ts';
import type { Hosts } from './hosts.ts';

interface Services {
  hosts: Hosts;
}

/** What this host is to its installation. */
export const membershipApi = resource('/api/membership', { 'GET /': any, 'POST /trust': adminLately }, ({ hosts }: Services) =>
  router()
    .get('/', (c) => c.json<Membership>(hosts.membership))
    .post('/trust', body(trustRequest), async (c) => c.json<Membership>(await hosts.trust(c.env.caller, c.req.valid('json').words))),
);

/** Which host is the home host: decided at its own local socket, and shown there after a recovery. */
export const homeApi = resource('/api/home', { 'POST /move': adminLately, 'GET /words': admin }, ({ hosts }: Services) =>
  router()
    .post('/move', body(homeMoveRequest), async (c) => c.json<HomeMoved>(await hosts.moveHome(c.env.caller, c.req.valid('json').host)))
    .get('/words', async (c) => c.json<List<MemberWords>>({ items: await hosts.memberWords(c.env.caller), next_cursor: null })),
);

/** The member hosts of this home host. */
export const membersApi = resource(
  '/api/members',
  {
    'GET /': admin,
    'GET /presence': admin,
    'PATCH /:host': adminLately,
    'DELETE /:host': adminLately,
  },
  ({ hosts }: Services) =>
    router()
      .get('/', (c) => c.json<List<Member>>({ items: hosts.members(), next_cursor: null }))
      .get('/presence', async (c) => c.json<List<MemberPresence>>({ items: await hosts.presence(), next_cursor: null }))
      .patch('/:host', params(memberParams), body(memberPatch), (c) =>
        c.json<Member>(hosts.change(c.env.caller, c.req.valid('param').host, c.req.valid('json'))),
      )
      .delete('/:host', params(memberParams), (c) => {
        hosts.revoke(c.env.caller, c.req.valid('param').host);
        return c.body(null, 204);
      }),
);

/** Hosts that ask to become members. */
export const pairingsApi = resource(
  '/api/pairings',
  {
    'GET /': admin,
    'GET /:code': admin,
    'POST /:code/approve': adminLately,
    'POST /:code/deny': admin,
  },
  ({ hosts }: Services) =>
    router()
      .get('/', (c) => c.json<List<Pairing>>({ items: hosts.pairings(), next_cursor: null }))
      .get('/:code', params(pairingParams), (c) => c.json<PairingOutcome>(hosts.pairingOutcome(c.req.valid('param').code)))
      .post('/:code/approve', params(pairingParams), body(pairingApproval), (c) =>
        c.json<Member>(hosts.approve(c.env.caller, c.req.valid('param').code, c.req.valid('json'))),
      )
      .post('/:code/deny', params(pairingParams), (c) => {
        hosts.deny(c.env.caller, c.req.valid('param').code);
        return c.body(null, 204);
      }),
);

/** Tokens by which hosts pair without anybody looking on. */
export const invitesApi = resource(
  '/api/invites',
  {
    'GET /': admin,
    'POST /': adminLately,
    'DELETE /:id': admin,
  },
  ({ hosts }: Services) =>
    router()
      .get('/', (c) => c.json<List<Invite>>({ items: hosts.invites(), next_cursor: null }))
      .post('/', body(inviteCreate), (c) => c.json<MadeInvite, 201>(hosts.invite(c.env.caller, c.req.valid('json')), 201))
      .delete('/:id', params(inviteParams), (c) => {
        hosts.removeInvite(c.env.caller, c.req.valid('param').id);
        return c.body(null, 204);
      }),
);
