import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SCHEMA_FILE, workflowSchema } from './schema.ts';

test('docs/workflow.schema.json is the grammar: node agent/workflows/language/schema.ts writes it', () => {
  expect(readFileSync(SCHEMA_FILE, 'utf8')).toBe(workflowSchema());
});
