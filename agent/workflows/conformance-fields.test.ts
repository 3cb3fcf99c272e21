import { expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { readCases, workflowOf } from './conformance-harness.ts';
import { PRIMITIVES } from './language/check-fields.ts';
import * as grammar from './language/grammar.ts';
import { readYaml } from './language/yaml-source.ts';

/** Every field of the language, and every word that one may have, stands in a case of conformance/. */

const { ACTIONS, TRIGGERS } = grammar;
const shapes: Record<string, z.core.$ZodLooseShape> = {
  file: grammar.file.shape,
  ...Object.fromEntries(Object.entries(ACTIONS).map(([type, { shape }]) => [`action ${type}`, shape])),
  step: { ...grammar.step.shape, ...grammar.aroundInline.shape },
  task: grammar.task.shape,
  hook: grammar.hook.shape,
  retry: grammar.retry.in.shape,
  resources: grammar.resources.shape,
  'input field': grammar.inputField.shape,
  'output field': grammar.outputField.shape,
  ...Object.fromEntries(Object.entries(TRIGGERS).map(([type, { shape }]) => [`trigger ${type}`, shape])),
};

/** What may stand there: the words of an enumeration; both of a boolean. */
function wordsOf(schema: unknown): string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return wordsOf(schema.unwrap());
  if (schema instanceof z.ZodEnum || schema instanceof z.ZodLiteral)
    return [...('options' in schema ? schema.options : schema.values)].map(String);
  return [];
}

const wanted = new Set([
  ...Object.entries(shapes).flatMap(([kind, shape]) =>
    Object.entries(shape).flatMap(([field, schema]) => [
      `${kind}: ${field}`,
      ...wordsOf(schema).map((word) => `${kind}: ${field}: ${word}`),
    ]),
  ),
  ...[...PRIMITIVES, 'bool'].map((type) => `input field: type: ${type}`),
]);

const used = new Set<string>();
const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const each = (value: unknown, visit: (item: unknown) => void): void => {
  if (Array.isArray(value)) for (const item of value) visit(item);
  else if (isMap(value)) for (const item of Object.values(value)) visit(item);
};

/** Which kind of thing stands in a field of that name. */
const INSIDE: Record<string, (value: unknown, kind: string) => void> = {
  retry: (value) => use('retry', value),
  resources: (value) => use('resources', value),
  actions: (value) => each(value, useAction),
  tasks: (value) => each(value, (task) => use('task', task)),
  triggers: (value) => each(value, (trigger) => isMap(trigger) && use(`trigger ${String(trigger['type'])}`, trigger)),
  connection_types: (value) => each(value, (type) => each(isMap(type) && isMap(type['properties']) ? type['properties'] : type, useField)),
  flow: (value) => each(value, useStep),
  input: (value, kind) => (kind === 'task' || kind.startsWith('action')) && each(value, useField),
  output: (value) => each(isMap(value) && isMap(value['properties']) ? value['properties'] : value, (field) => use('output field', field)),
};
for (const hooks of ['on_success', 'on_error', 'on_cancel', 'on_suspended'])
  INSIDE[hooks] = (value) => each(value, (hook) => use('hook', hook));

const useField = (value: unknown): void => use('input field', value);
function useAction(value: unknown): void {
  if (isMap(value)) use(`action ${value['type'] === 'shell' ? 'script' : String(value['type'])}`, value);
}
function useStep(value: unknown): void {
  if (!isMap(value)) return;
  use('step', value);
  if (value['type'] !== undefined) useAction(Object.fromEntries(Object.entries(value).filter(([field]) => field !== 'input')));
}

function use(kind: string, value: unknown): void {
  if (!isMap(value)) return;
  for (const [field, inside] of Object.entries(value)) {
    used.add(`${kind}: ${field}`);
    used.add(`${kind}: ${field}: ${String(inside)}`);
    INSIDE[field]?.(inside, kind);
  }
}

it('every field of the language has a case, and every word that it may have', () => {
  for (const { cases } of readCases()) {
    const texts = 'jobs' in cases ? cases.jobs.map(workflowOf) : 'problems' in cases ? cases.problems.map(({ workflow }) => workflow) : [];
    const defined = 'definitions' in cases ? cases.definitions.map(({ workflow }) => workflow) : [];
    for (const text of [...texts, ...defined]) if (readYaml('case.yaml', text).source !== null) use('file', parse(text));
  }
  expect([...wanted].filter((name) => !used.has(name))).toEqual([]);
});
