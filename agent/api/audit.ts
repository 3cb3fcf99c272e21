import { auditQuery } from '../../shared/api.ts';
import type { AuditEntry, List } from '../../shared/model.ts';
import { router } from './env.ts';
import type { Rooms } from './rooms.ts';
import { query } from './validate.ts';

/** Who did what: for admins. */
export function auditApi({ audit }: Rooms) {
  return router().get('/', query(auditQuery), (c) => c.json<List<AuditEntry>>(audit.list(c.req.valid('query'))));
}
