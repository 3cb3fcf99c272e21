import { randomUUID } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isFinal } from '../../shared/run-state.ts';
import { readMessage } from '../plugins/protocol/plugin-messages.ts';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';

/** What a script gets is what was typed, or the press is refused: from the bytes of a request to the process. */

let api: ApiHarness;
beforeAll(async () => {
  api = await makeApi();
  api.script('args.sh', '#!/bin/sh\nprintf "<%s>" "$@"\n');
  api.script('env.sh', '#!/bin/sh\nprintenv INPUT_IT || echo unset\n');
  api.script('stdin.sh', '#!/bin/sh\nod -An -c\n');
  api.script('each-line.sh', '#!/bin/bash\nwhile read -r line; do echo "line: $line"; done\n');
});
afterAll(() => api.close());

/** Of an action with one input that is passed so. @param json the answer, as it stands in the request; null: none. */
async function pressed(input: Record<string, unknown>, json: string | null, script = 'args.sh'): Promise<string> {
  const made = await api.ask(api.admin, 'POST', '/api/actions', {
    id: `a-${randomUUID()}`,
    label: 'It',
    script,
    inputs: [{ type: 'text', name: 'it', label: 'It', ...input }],
  });
  expect(made.status, made.text).toBe(201);
  const body = `{"action":"${Object(made.json).id}","inputs":{${json === null ? '' : `"it": ${json}`}}}`;
  const request = new Request('http://host/api/runs', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
  const answer: unknown = await (await api.app.fetch(request, { caller: api.admin })).json();
  const { task_id, error } = Object(answer);
  if (error !== undefined) return `${error.code}: ${error.message}`;
  await expect.poll(() => api.runs.get(api.admin, task_id).state).toSatisfy(isFinal);
  return (await api.ask(api.admin, 'GET', `/api/runs/${task_id}/output`)).text;
}

const number = { type: 'number' };

describe('a number', () => {
  it.each(['12345678901234567890', '1e21', '1.50', '0.1', '5', '100000000000000000000.000', '1E2'])(
    'reaches the script as it was written, as a string and as a JSON number: %s',
    async (text) => {
      expect(await pressed(number, text)).toBe(`<${text}>`);
      expect(await pressed(number, `"${text}"`)).toBe(`<${text}>`);
      expect(await pressed({ ...number, pass: { by: 'environment', variable: 'INPUT_IT' } }, text, 'env.sh')).toBe(`${text}\n`);
    },
  );

  it.each(['007', '+5', '.5', '5.'])('as a string, where JSON has no such number: %s', async (text) => {
    expect(await pressed(number, `"${text}"`)).toBe(`<${text}>`);
    expect(await pressed({ ...number, default: text }, null)).toBe(`<${text}>`);
  });

  it.each(['"abc"', '"1,5"', '" 5"', '"0x10"', '"Infinity"', '"1 000"', 'true', '[1]'])('is refused when it is none: %s', async (json) => {
    expect(await pressed(number, json)).toMatch(/^input_invalid/);
  });

  it('is compared exactly with its bounds, and a whole one is written with digits', async () => {
    const bounded = { ...number, min: '9007199254740993', max: '9007199254740995' };
    expect(await pressed(bounded, '9007199254740992')).toMatch(/^input_invalid/);
    expect(await pressed(bounded, '9007199254740993')).toBe('<9007199254740993>');
    expect(await pressed(bounded, '9007199254740996')).toMatch(/^input_invalid/);
    expect(await pressed({ ...number, max: 0.3 }, '0.30000000000000001')).toMatch(/^input_invalid/);
    for (const text of ['1.0', '1e3', '1.5']) expect(await pressed({ ...number, integer: true }, text), text).toMatch(/^input_invalid/);
    expect(await pressed({ ...number, integer: true }, '12345678901234567890')).toBe('<12345678901234567890>');
  });

  it('of a plugin keeps its digits too', () => {
    const line = `{"type":"run","timestamp":"t","request_id":"r","payload":{"action":"start","run":"a","inputs":{"n":1.50,"m":5,"t":"1.50"}}}`;
    expect(readMessage(Buffer.from(line))).toMatchObject({ message: { payload: { inputs: { n: '1.50', m: 5, t: '1.50' } } } });
  });
});

describe('what was cleared', () => {
  it.each([
    [{ default: 'me' }, '<me>'],
    [{ type: 'number', default: 5 }, '<5>'],
    [{ type: 'date', default: '2026-11-21' }, '<2026-11-21>'],
    [{ type: 'choice', options: [{ value: 'a' }], default: 'a' }, '<a>'],
    [{ default: 'me', pass: { by: 'argument', flag: '--who' } }, '<--who=me>'],
  ])('is not what was left out: %j', async (input, byDefault) => {
    expect(await pressed(input, null)).toBe(byDefault);
    for (const cleared of ['""', 'null']) {
      expect(await pressed(input, cleared)).toBe(await nothing());
      expect(await pressed({ ...input, required: true }, cleared)).toMatch(/^input_required/);
    }
  });

  it('is known later: a run that is asked for again is cleared again', async () => {
    await api.ask(api.admin, 'POST', '/api/actions', {
      id: 'cleared',
      label: 'It',
      script: 'args.sh',
      inputs: [
        { type: 'text', name: 'it', label: 'It', default: 'me' },
        { type: 'text', name: 'other', label: 'Other' },
      ],
    });
    const run = await api.finished(api.admin, { action: 'cleared', inputs: { it: '', other: '' } });
    expect(run.inputs).toEqual({ it: '' });
  });

  it('leaves a variable unset, and standard input empty', async () => {
    expect(await pressed({ default: 'x', pass: { by: 'environment', variable: 'INPUT_IT' } }, '""', 'env.sh')).toBe('unset\n');
    expect(await pressed({ default: 'x', pass: { by: 'stdin' } }, '""', 'stdin.sh')).toBe('');
  });

  it('is an answer where it is one of the options', async () => {
    const empty = { type: 'choice', options: [{ value: '', label: 'None' }, { value: 'x' }], default: 'x', required: true };
    expect(await pressed(empty, '""')).toBe('<>');
    expect(await pressed({ ...empty, pass: { by: 'argument', flag: '--it' } }, '""')).toBe('<--it=>');
    expect(await pressed({ ...empty, pass: { by: 'environment', variable: 'INPUT_IT' } }, '""', 'env.sh')).toBe('\n');
    expect(await pressed(empty, null)).toBe('<x>');
  });
});

/** What args.sh prints without any. */
async function nothing(): Promise<string> {
  return pressed({}, null);
}

it('a required choice without a default is never chosen by anybody else', async () => {
  const choice = { type: 'choice', options: [{ value: 'a' }, { value: 'b' }], required: true };
  for (const json of [null, 'null', '""']) expect(await pressed(choice, json)).toMatch(/^input_required/);
  expect(await pressed(choice, '"b"')).toBe('<b>');
});

describe('a text', () => {
  it.each([' both ends ', 'tab\there', 'e\u0301 is not \u00e9', '\u200bzero', '🇩🇪', "'$(id)'", '\\n'])(
    'arrives byte for byte: %j',
    async (text) => {
      expect(await pressed({}, JSON.stringify(text))).toBe(`<${text}>`);
    },
  );

  it('of several lines keeps its line breaks as they came', async () => {
    for (const text of ['a\nb', 'a\r\nb\r\n', '\n\n']) expect(await pressed({ multiline: true }, JSON.stringify(text))).toBe(`<${text}>`);
  });

  it('is refused where it would arrive as another one', async () => {
    for (const json of ['"a\\u0000b"', '"\\ud83d"', '"a\\udc00"']) expect(await pressed({}, json), json).toMatch(/^input_invalid/);
    for (const args of [['a\ud83d'], ['a\0b']])
      expect((await api.ask(api.admin, 'POST', '/api/runs', { script: 'args.sh', args })).text).toContain('input_invalid');
  });

  it('for standard input ends with a line break, and is empty when nothing was given', async () => {
    const stdin = { multiline: true, pass: { by: 'stdin' } };
    expect(await pressed(stdin, '"one\\ntwo"', 'each-line.sh')).toBe('line: one\nline: two\n');
    expect(await pressed(stdin, '"a"', 'stdin.sh')).toMatch(/^\s+a\s+\\n\n$/);
    expect(await pressed(stdin, '"a\\n"', 'stdin.sh')).toMatch(/^\s+a\s+\\n\n$/);
    expect(await pressed(stdin, '"a\\n\\n"', 'stdin.sh')).toMatch(/^\s+a\s+\\n\s+\\n\n$/);
    expect(await pressed(stdin, null, 'stdin.sh')).toBe('');
    expect(await pressed({ type: 'secret', pass: { by: 'stdin' } }, '"s"', 'each-line.sh')).toBe('line: s\n');
    expect(await pressed({ type: 'number', pass: { by: 'stdin' } }, '1.50', 'each-line.sh')).toBe('line: 1.50\n');
  });
});

describe('an argument that begins with “-”', () => {
  it.each([
    [{}, '"-rf"'],
    [number, '-5'],
    [number, '"-5"'],
    [{ ...number, min: 0 }, '"-0"'],
  ])('is refused of %j: %s', async (input, json) => {
    expect(await pressed(input, json)).toMatch(/^input_invalid: .*“-”/);
  });

  it('is passed where the action says so, by name or by a bound below zero, and wherever it is no argument of its own', async () => {
    expect(await pressed({ allow_dash: true }, '"-rf"')).toBe('<-rf>');
    expect(await pressed({ ...number, allow_dash: true }, '-5')).toBe('<-5>');
    expect(await pressed({ ...number, min: -10 }, '-5')).toBe('<-5>');
    expect(await pressed({ ...number, pass: { by: 'argument', flag: '--n' } }, '-5')).toBe('<--n=-5>');
    expect(await pressed({ ...number, pass: { by: 'environment', variable: 'INPUT_IT' } }, '-5', 'env.sh')).toBe('-5\n');
    expect(await pressed({ type: 'choice', options: [{ value: '-v' }], allow_dash: true }, '"-v"')).toBe('<-v>');
    expect(await pressed({ type: 'boolean', when_true: '--force' }, 'true')).toBe('<--force>');
  });

  it('can’t be saved as a default or an option without that word', async () => {
    for (const input of [
      { default: '-rf' },
      { type: 'number', default: -5 },
      { type: 'choice', options: [{ value: 'a' }, { value: '-v' }] },
    ]) {
      const inputs = [{ type: 'text', name: 'it', label: 'It', ...input }];
      const { status, text } = await api.ask(api.admin, 'POST', '/api/actions', { label: 'It', script: 'args.sh', inputs });
      expect([status, text], JSON.stringify(input)).toEqual([400, expect.stringContaining('action_invalid')]);
    }
  });

  it('is an admin’s own word in the arguments of a script, the empty one too', async () => {
    const run = await api.finished(api.admin, { script: 'args.sh', args: ['-x', '', '--name', ''] });
    expect((await api.ask(api.admin, 'GET', `/api/runs/${run.task_id}/output`)).text).toBe('<-x><><--name><>');
  });
});

it('a script that is a link is called by the link’s name, in the link’s folder', async () => {
  mkdirSync(join(api.scriptsDir, 'tools'));
  api.script('tools/where.sh', '#!/bin/sh\necho "$0"; pwd; cat beside\n');
  writeFileSync(join(api.scriptsDir, 'beside'), 'above\n');
  writeFileSync(join(api.scriptsDir, 'tools/beside'), 'inside\n');
  symlinkSync('tools/where.sh', join(api.scriptsDir, 'link.sh'));
  symlinkSync('tools', join(api.scriptsDir, 'alias'));
  for (const [script, folder, beside] of [
    ['link.sh', '', 'above'],
    ['alias/where.sh', 'alias', 'inside'],
    ['tools/where.sh', 'tools', 'inside'],
  ] as const) {
    const { task_id } = await api.finished(api.admin, { script });
    const { text } = await api.ask(api.admin, 'GET', `/api/runs/${task_id}/output`);
    expect(text).toBe(`${join(api.scriptsDir, script)}\n${join(api.scriptsDir, folder)}\n${beside}\n`);
  }
});

it('a declaration whose numbers were rounded is not saved in silence', async () => {
  for (const field of ['min', 'max', 'default']) {
    const body = `{"label":"It","script":"args.sh","inputs":[{"type":"number","name":"it","label":"It","${field}":12345678901234567890}]}`;
    const request = new Request('http://host/api/actions', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    expect((await api.app.fetch(request, { caller: api.admin })).status, field).toBe(400);
  }
});
