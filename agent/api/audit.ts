import { stream } from 'hono/streaming';
import { auditQuery } from '../../shared/api.ts';
import type { AuditEntry, AuditVerification, List } from '../../shared/model.ts';
import type { Services } from '../services.ts';
import { router } from './env.ts';
import { query } from './validate.ts';

/** Who did what: for admins. */
export function auditApi({ audit }: Services) {
  return router()
    .get('/', query(auditQuery), (c) => c.json<List<AuditEntry>>(audit.list(c.req.valid('query'))))
    .get('/verify', async (c) => c.json<AuditVerification>({ chains: await audit.verify() }))
    .get('/export', (c) => {
      c.header('content-type', 'application/x-ndjson');
      return stream(c, async (out) => {
        for await (const lines of audit.export()) await out.write(lines);
      });
    });
}
