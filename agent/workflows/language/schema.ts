import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import * as grammar from './grammar.ts';

/** docs/workflow.schema.json: what editors check and complete a workflow file with. Written by `node agent/workflows/language/schema.ts`. */
export const SCHEMA_FILE = join(import.meta.dirname, '../../../docs/workflow.schema.json');

/** As the file holds it. What needs more than a schema (names, templates, cycles) is checked by `toru validate`. */
export function workflowSchema(): string {
  const { script, docker, pod, task, approval, noop } = grammar.ACTIONS;
  const input = { input: z.record(z.string(), grammar.inputField).optional() };
  const output = { output: z.record(z.string(), grammar.outputField).optional() };
  const named = [script, docker, pod, task, approval, noop].map((action) => action.extend({ ...input, ...output }));
  const inline = [script, docker, pod, task, approval, noop].map((action) => action.extend({ ...output, ...grammar.ofSteps }));
  const flow = z.record(z.string(), z.union([grammar.step, ...inline]));
  const file = grammar.file.extend({
    connection_types: z.record(z.string(), z.record(z.string(), grammar.inputField)).optional(),
    actions: z.record(z.string(), z.union(named)).optional(),
    tasks: z.record(z.string(), grammar.task.extend({ flow })).optional(),
    triggers: z.record(z.string(), z.union(Object.values(grammar.TRIGGERS))).optional(),
  });
  const schema = z.toJSONSchema(file, { io: 'input', target: 'draft-2020-12', unrepresentable: 'any', reused: 'ref' });
  return `${JSON.stringify({ title: 'A workflow file of Toru', ...schema }, null, 2)}\n`;
}

if (import.meta.main) writeFileSync(SCHEMA_FILE, workflowSchema());
