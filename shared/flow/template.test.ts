import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from './job.ts';
import { TemplateError } from './template/error.ts';
import { evaluate, expand, isTruthy, itemsOf, parseCondition, parseList, parseTemplate, renderValue } from './template.ts';

const context: Record<string, Json> = {
  input: {
    name: 'Ada',
    count: 3,
    zero: 0,
    half: 0.5,
    yes: true,
    no: false,
    nothing: null,
    empty: [],
    list: ['a', 'b', 'c'],
    key: 'b',
    hosts: [{ name: 'one', disks: [1, 2] }, { name: 'two' }],
    map: { a: 1, b: 2, 'with space': 3 },
    long: 'äöü — 日本語',
    json: '["x","y"]',
  },
  build: { output: { version: '1.2.3', at: '2026-03-21T10:30:05Z' } },
  broken: { output: null, error: 'exit status 1' },
  state: {},
};

const value = (text: string): Json => evaluate(parseTemplate(text), context);

function problem(act: () => unknown): { message: string; offset: number } {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof TemplateError) return { message: thrown.message, offset: thrown.offset };
    throw thrown;
  }
  throw new Error('no TemplateError was thrown');
}

describe('a template', () => {
  it('reaches nothing that JavaScript gives to objects', () => {
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length']) {
      expect(problem(() => value(`{{ input.${name} }}`)).message).toContain('is not defined');
      expect(problem(() => value(`{{ input["${name}"] }}`)).message).toContain('is not defined');
      expect(problem(() => value(`{{ ${name} }}`)).message).toContain('is not defined');
      expect(problem(() => value(`{{ input.list.${name} }}`)).message).toContain('is not defined');
      expect(problem(() => value(`{{ input | get(key="${name}") }}`)).message).toContain('found no');
      expect(value(`{{ "${name}" in input }}`)).toBe(false);
    }
    const own: Json = JSON.parse('{"__proto__": {"polluted": true}}');
    expect(JSON.stringify(renderValue(own, {}))).toBe('{"__proto__":{"polluted":true}}');
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('has a bound for everything', () => {
    const big = { text: 'x'.repeat(1024 * 1024), list: Array.from({ length: 10_000 }, (_, index) => index) };
    const of = (text: string): string => problem(() => evaluate(parseTemplate(text), big)).message;
    expect(of('{{ text ~ "x" }}')).toContain('more than 1 MiB');
    expect(of('{{ text }}{{ text }}')).toContain('more than 1 MiB');
    expect(of('{{ text | replace(from="x", to="yy") }}')).toContain('more than 1 MiB');
    expect(of('{% for i in list %}{% for j in list %}{% endfor %}{% endfor %}')).toContain('too much to do');
    expect(of('{% for i in list %}{% if text | upper == "a" %}{% endif %}{% endfor %}')).toContain('too much to do');
    expect(of('{% for i in list %}{% if list == list %}{% endif %}{% endfor %}')).toContain('too much to do');
    expect(of('{% for i in list %}{% if "q" in text %}{% endif %}{% endfor %}')).toContain('too much to do');
    expect(of(`{{ ${'('.repeat(100_000)} }}`)).toContain('at most 40 deep');
    expect(of(`{{ ${'not '.repeat(100_000)} }}`)).toContain('at most 40 deep');
    expect(of(`{{ ${'['.repeat(100_000)} }}`)).toContain('at most 40 deep');
    expect(of(`{{ ${'a['.repeat(100_000)} }}`)).toContain('at most 40 deep');
    expect(of(`{{ 1 ${'+ 1'.repeat(100_000)} }}`)).toContain('at most 500 parts');
    expect(of('{% if true %}'.repeat(10_000))).toContain('at most 30 deep');
    expect(of('x'.repeat(1024 * 1024 + 1))).toContain('at most 1 MiB');
    expect(evaluate(parseTemplate('{% for i in list %}{{ i }},{% endfor %}'), big)).toHaveLength(48_890);
  });

  it('is read or refused with an offset, whatever stands in it', () => {
    const pieces = [
      '{{',
      '}}',
      '{%',
      '%}',
      '{#',
      '#}',
      '-',
      ' if ',
      ' for ',
      ' x ',
      'in',
      ' [',
      ']',
      '(',
      ')',
      '|',
      'join',
      '"',
      "'",
      '.',
      '0',
      '\n',
      'not ',
      'endif',
      'else',
      ',',
    ];
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3 })), { maxLength: 25 }), (some) => {
        const text = some.join('');
        try {
          const template = parseTemplate(text);
          for (const { at } of template.references) expect(at).toBeLessThan(text.length);
          evaluate(template, { x: [1] });
        } catch (thrown) {
          if (!(thrown instanceof TemplateError)) throw thrown;
          expect(thrown.offset).toBeGreaterThanOrEqual(0);
          expect(thrown.offset).toBeLessThanOrEqual(text.length);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('gives any value back as it is', () => {
    fc.assert(
      fc.property(
        fc.json().map((text): Json => JSON.parse(text)),
        (any) => {
          expect(JSON.stringify(evaluate(parseTemplate('{{ any }}'), { any }))).toBe(JSON.stringify(any));
        },
      ),
    );
  });
});

it('tells the names that a template asks for', () => {
  const text =
    '{{ input.a[0].b }} {{ c.d | default(value=e) }} {% if f.g and h == 1 %}{% endif %}{% for x in input.l %}{{ x.y }}{{ loop.index }}{{ k[x] }}{% endfor %}';
  expect(parseTemplate(text).references.map(({ path, guarded }) => [path.join('.'), guarded])).toEqual([
    ['input.a.0.b', false],
    ['c.d', true],
    ['e', false],
    ['f.g', true],
    ['h', false],
    ['input.l', false],
    ['k', false],
  ]);
  const [first, second] = parseTemplate('{% if a.b is defined %}{{ a.b.c }}{% endif %}').references;
  expect(first).toEqual({ path: ['a', 'b'], at: 6, guarded: true });
  expect(second).toEqual({ path: ['a', 'b', 'c'], at: 26, guarded: true });
});

it('renders values at any depth, and leaves the rest', () => {
  expect(renderValue({ a: ['{{ input.count }}', 1, null], b: { c: 'x{{ input.name }}' }, d: 'plain' }, context)).toEqual({
    a: [3, 1, null],
    b: { c: 'xAda' },
    d: 'plain',
  });
});

it('writes values into text as it is told', () => {
  const template = parseTemplate('echo {{ input.name }} {% for x in input.list %}{{ x }} {% endfor %}');
  const written: Json[] = [];
  const text = expand(template, context, (each) => `$V${written.push(each)}`);
  expect(text).toBe('echo $V1 $V2 $V3 $V4 ');
  expect(written).toEqual(['Ada', 'a', 'b', 'c']);
});

it.each<[Json, boolean]>([
  ['', false],
  ['  ', false],
  ['false', false],
  ['FALSE', false],
  ['0', false],
  ['null', false],
  ['None', false],
  ['true', true],
  ['1', true],
  ['no', true],
  ['00', true],
  [true, true],
  [false, false],
  [0, false],
  [1, true],
  [null, false],
  [[], true],
  [{}, true],
])('%j runs the step: %s', (given, expected) => {
  expect(isTruthy(given)).toBe(expected);
});

it.each<[string, boolean]>([
  ['{{ input.yes }}', true],
  ['{{ input.no }}', false],
  ['true', true],
  ['false', false],
  ['0', false],
  ['', false],
  ['input.no', false],
  ['input.count > 2', true],
  ['not state or state.days < 30', true],
  ['{% if input.no %}yes{% endif %}', false],
])('the condition %s: %s', (text, expected) => {
  expect(isTruthy(evaluate(parseCondition(text), context))).toBe(expected);
});

it.each<[string, Json[] | null]>([
  ['{{ input.list }}', ['a', 'b', 'c']],
  ['{{ input.json }}', ['x', 'y']],
  ['{{ input.list | json_encode() }}', ['a', 'b', 'c']],
  ['input.list', ['a', 'b', 'c']],
  ['["p", "q"]', ['p', 'q']],
  ['[{"n": 1}]', [{ n: 1 }]],
  ['[input.count, 4]', [3, 4]],
  ['{{ input.name }}', null],
  ['{{ input.map }}', null],
])('the list %s', (text, expected) => {
  expect(itemsOf(evaluate(parseList(text), context))).toEqual(expected);
});
