import { stream } from 'hono/streaming';
import type { List } from '../../shared/api.ts';
import type { AuditEntry, AuditVerification } from '../../shared/audit.ts';
import { auditQuery } from '../../shared/audit.ts';
import { resource, router } from '../http/router.ts';
import { query } from '../http/validate.ts';
import { admin } from '../users/permissions.ts';
import type { Audit } from './audit.ts';

/** The audit, who did what: for admins. */
export const auditApi = resource(
  '/api/audit',
  {
    'GET /': admin,
    'GET /verify': admin,
    'GET /export': admin,
  },
  ({ audit }: { audit: Audit }) =>
    router()
      .get('/', query(auditQuery), (c) => c.json<List<AuditEntry>>(audit.list(c.req.valid('query'))))
      .get('/verify', async (c) => c.json<AuditVerification>({ chains: await audit.verify() }))
      .get('/export', (c) => {
        c.header('content-type', 'application/x-ndjson');
        return stream(c, async (out) => {
          for await (const lines of audit.export()) await out.write(lines);
        });
      }),
);
