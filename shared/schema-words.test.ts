import { expect, test } from 'vitest';
import * as z from 'zod';
import './schema-words.ts';

const said = (schema: z.ZodType, value: unknown) => schema.safeParse(value).error?.issues.map((issue) => issue.message);

test('a value that does not fit is told in words, never in the schema’s own', () => {
  expect(said(z.coerce.number().int().min(1), '0')).toEqual(['1 or more is expected']);
  expect(said(z.number().max(200), 9999)).toEqual(['200 or less is expected']);
  expect(said(z.enum(['queued', 'running']), 'foo')).toEqual(['one of queued, running is expected']);
  expect(said(z.string().min(1), '')).toEqual(['may not be empty']);
  expect(said(z.string().max(3), 'long')).toEqual(['at most 3 characters expected']);
  expect(said(z.array(z.string()).max(1), ['a', 'b'])).toEqual(['at most 1 entry expected']);
  expect(said(z.object({ a: z.string() }), {})).toEqual(['is missing']);
  expect(said(z.strictObject({}), { b: 1 })).toEqual(['there is no field “b”']);
  expect(said(z.string(), 5)).toEqual(['a text is expected']);
  expect(said(z.uuid(), 'x')).toEqual(['a UUID is expected']);
});

test('a message that the schema brings stays', () => {
  expect(said(z.string('a name is expected'), 5)).toEqual(['a name is expected']);
  expect(said(z.number().min(1, 'from 1 to 9'), 0)).toEqual(['from 1 to 9']);
});
