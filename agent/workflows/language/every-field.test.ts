import { expect, it } from 'vitest';
import * as z from 'zod';
import * as grammar from './grammar.ts';
import { loadWorkspace } from './load-workspace.ts';

/** What is wrong with any field of the language is said with file, line, column and the next step. */

interface Frame {
  /** What stands above the fields. */
  head: string[];
  /** Of the fields. */
  indent: number;
  /** The fields that are needed, and right. */
  base: Record<string, unknown>;
  shape: z.core.$ZodLooseShape;
}

const { ACTIONS, TRIGGERS } = grammar;
const ACTION = 'actions: { a: { type: noop } }';
const TASK = ['tasks:', '  t:', '    flow: { s: { action: a } }'];
const OF_ACTION = ['actions:', '  a:'];
const IN_ACTION = [...OF_ACTION, '    type: docker', '    image: i'];
const TRIGGER = [ACTION, ...TASK, 'triggers:', '  n:'];
const FRAMES: Record<string, Frame> = {
  file: { head: [], indent: 0, base: {}, shape: grammar.file.shape },
  'action script': { head: OF_ACTION, indent: 4, base: { type: 'script', script: 'x' }, shape: ACTIONS.script.shape },
  'action docker': { head: OF_ACTION, indent: 4, base: { type: 'docker', image: 'i' }, shape: ACTIONS.docker.shape },
  'action pod': { head: OF_ACTION, indent: 4, base: { type: 'pod', image: 'i' }, shape: ACTIONS.pod.shape },
  'action task': { head: OF_ACTION, indent: 4, base: { type: 'task', task: 't' }, shape: ACTIONS.task.shape },
  'action approval': { head: OF_ACTION, indent: 4, base: { type: 'approval' }, shape: ACTIONS.approval.shape },
  'action noop': { head: OF_ACTION, indent: 4, base: { type: 'noop' }, shape: ACTIONS.noop.shape },
  step: { head: [ACTION, 'tasks:', '  t:', '    flow:', '      s:'], indent: 8, base: { action: 'a' }, shape: grammar.step.shape },
  'inline step': {
    head: ['tasks:', '  t:', '    flow:', '      s:'],
    indent: 8,
    base: { type: 'script', script: 'x' },
    shape: { ...ACTIONS.script.shape, ...grammar.aroundInline.shape },
  },
  task: { head: [ACTION, 'tasks:', '  t:'], indent: 4, base: { flow: { s: { action: 'a' } } }, shape: grammar.task.shape },
  hook: { head: [ACTION, ...TASK, '    on_error:', '      -'], indent: 8, base: { action: 'a' }, shape: grammar.hook.shape },
  retry: { head: [...IN_ACTION, '    retry:'], indent: 6, base: { max_attempts: 2 }, shape: grammar.retry.in.shape },
  resources: { head: [...IN_ACTION, '    resources:'], indent: 6, base: { cpu: 1 }, shape: grammar.resources.shape },
  'input field': { head: [...IN_ACTION, '    input:', '      n:'], indent: 8, base: { type: 'string' }, shape: grammar.inputField.shape },
  'output field': {
    head: [...IN_ACTION, '    output:', '      n:'],
    indent: 8,
    base: { type: 'string' },
    shape: grammar.outputField.shape,
  },
  'trigger scheduler': {
    head: TRIGGER,
    indent: 4,
    base: { type: 'scheduler', task: 't', cron: '0 3 * * *' },
    shape: TRIGGERS.scheduler.shape,
  },
  'trigger webhook': {
    head: TRIGGER,
    indent: 4,
    base: { type: 'webhook', task: 't', name: 'n', secret: 'x' },
    shape: TRIGGERS.webhook.shape,
  },
};

/** A value of every kind: what a field does not take of them is wrong there. */
const VALUES: unknown[] = [{ zzz: [1] }, [[1]], ['zzz'], 12.5, -3, 'zzz %', '', true];
const NEXT_STEP = /expected|allowed|Write|Did you mean|Known are|such as|Leave|take|must|Name/;

const file = 'main.yaml';
function problemsOf({ head, indent }: Frame, fields: Record<string, unknown>) {
  const lines = Object.entries(fields).map(([name, value]) => `${' '.repeat(indent)}${name}: ${JSON.stringify(value)}`);
  const text = `${[...head, ...lines].join('\n')}${lines.length === 0 ? ' {}' : ''}\n`;
  return { text, problems: loadWorkspace([{ path: file, text }]).problems };
}

function accepts(schema: unknown, value: unknown): boolean {
  return schema instanceof z.ZodType && schema.safeParse(value).success;
}

const cases = Object.entries(FRAMES).flatMap(([kind, frame]) =>
  Object.entries(frame.shape).map(([name, schema]) => [`${kind}: ${name}`, frame, name, schema] as const),
);

it.each(cases)('what can’t stand in %s is refused where it stands, with what can', (_name, frame, name, schema) => {
  const fields: Record<string, unknown> = { ...frame.base };
  const refused = VALUES.filter((value) => !accepts(schema, value));
  for (const value of refused) {
    const { text, problems } = problemsOf(frame, { ...fields, [name]: value });
    const line = frame.head.length + Object.keys({ ...fields, [name]: value }).indexOf(name) + 1;
    const here = problems.find((problem) => problem.line === line);
    expect({ text, problems, here }).toMatchObject({ here: { file, line, column: expect.any(Number) } });
    const said = `${here?.message} ${here?.next ?? ''}`;
    expect([text, said]).toEqual([text, expect.stringMatching(NEXT_STEP)]);
    expect([text, said]).toEqual([text, expect.not.stringMatching(/Invalid|undefined|\bnull\b/)]);
    expect(here?.column, text).toBeGreaterThan(frame.indent);
  }
});

it.each(Object.entries(FRAMES))('a key that %s does not know is refused at the key, with those that it knows', (_kind, frame) => {
  const { text, problems } = problemsOf(frame, { ...frame.base, zzz: 1 });
  const line = frame.head.length + Object.keys(frame.base).length + 1;
  expect({ text, problems }).toMatchObject({
    problems: [{ file, line, column: frame.indent + 1, message: '“zzz” is not known here.', next: expect.stringMatching(NEXT_STEP) }],
  });
});

const required = Object.entries(FRAMES).flatMap(([kind, frame]) =>
  Object.keys(frame.base).flatMap((name) => (accepts(frame.shape[name], undefined) ? [] : [[`${kind}: ${name}`, frame, name] as const])),
);

it.each(required)('where %s is missing, that is said with what to write', (_name, frame, name) => {
  const { [name]: _left, ...fields } = frame.base;
  const { text, problems } = problemsOf(frame, fields);
  const [first] = problems;
  expect({ text, first }).toMatchObject({ first: { file, line: expect.any(Number), column: expect.any(Number) } });
  const said = `${first?.message} ${first?.next ?? ''}`;
  expect([text, said]).toEqual([text, expect.stringContaining(name)]);
  expect([text, said]).toEqual([text, expect.stringMatching(NEXT_STEP)]);
});
