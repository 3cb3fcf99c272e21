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
  it.each<[string, Json]>([
    // text and values
    ['plain', 'plain'],
    ['', ''],
    ['Hello {{ input.name }}!', 'Hello Ada!'],
    ['{{ input.list }}', ['a', 'b', 'c']],
    ['  {{ input.list }}\n', ['a', 'b', 'c']],
    ['{{ input.count }}', 3],
    ['{{ input.nothing }}', null],
    ['n={{ input.count }} l={{ input.list }} z={{ input.nothing }} y={{ input.yes }}', 'n=3 l=["a","b","c"] z= y=true'],
    ['{{ input }}x', `${JSON.stringify(context['input'])}x`],
    // paths
    ['{{ input.hosts[0].name }}', 'one'],
    ['{{ input.hosts.1.name }}', 'two'],
    ['{{ input.hosts.0.disks.1 }}', 2],
    ['{{ input["name"] }}', 'Ada'],
    ["{{ input.map['with space'] }}", 3],
    ['{{ input.map[input.key] }}', 2],
    // literals
    ['{{ "a" }}', 'a'],
    ['{{ `a` }}', 'a'],
    ["{{ 'it }} stays' }}", 'it }} stays'],
    ['{{ 1.5 }}', 1.5],
    ['{{ [1, "a", true, input.count] }}', [1, 'a', true, 3]],
    ['{{ [] }}', []],
    // arithmetic
    ['{{ 1 + 2 * 3 }}', 7],
    ['{{ (1 + 2) * 3 }}', 9],
    ['{{ 7 / 2 }}', 3.5],
    ['{{ 7 % 4 - 1 }}', 2],
    ['{{ input.count -1 }}', 2],
    ['{{ 2 * -3 }}', -6],
    ['{{ 1 + 2.6 | round }}', 4],
    ['{{ input.list | length + 1 }}', 4],
    ['{{ input.list | length * 2 + (input.map | length) }}', 9],
    ['{{ "v" ~ input.count ~ input.name }}', 'v3Ada'],
    ['{{ "a" ~ "b" | upper }}', 'AB'],
    // comparisons and logic
    ['{{ input.count == 3 }}', true],
    ['{{ input.count == "3" }}', false],
    ['{{ input.count != 3.0 }}', false],
    ['{{ input.count >= 3 and input.count < 4 }}', true],
    ['{{ "a" < "b" }}', true],
    ['{{ input.list == ["a", "b", "c"] }}', true],
    ['{{ input.map == input.list }}', false],
    ['{{ not input.yes or input.count > 2 }}', true],
    ['{{ not (input.yes or input.no) }}', false],
    ['{{ not input.count == 4 }}', true],
    ['{{ input.list | length > 2 }}', true],
    ['{{ 2 < input.list | length }}', true],
    ['{{ "b" in input.list }}', true],
    ['{{ "z" not in input.list }}', true],
    ['{{ "d" in "Ada" }}', true],
    ['{{ "a" in input.map }}', true],
    ['{{ "a" in ["a", "b"] and true }}', true],
    // what is not defined, in conditions
    ['{{ not state.cursor }}', true],
    ['{{ missing or input.yes }}', true],
    ['{{ missing and input.yes }}', false],
    ['{{ not state or state.days < 30 }}', true],
    ['{{ missing is defined }}', false],
    ['{{ missing is not defined }}', true],
    ['{{ missing.at.all is undefined }}', true],
    ['{{ input.name is defined and input.name == "Ada" }}', true],
    ['{{ input.name is starting_with("A") }}', true],
    ['{{ input.list is containing("b") }}', true],
    ['{{ input.map is object }}', true],
    ['{{ input.name is number }}', false],
    // filters
    ['{{ missing | default(value="x") }}', 'x'],
    ['{{ missing.deep[0] | default(value=[]) }}', []],
    ['{{ input.name | default(value="x") }}', 'Ada'],
    ['{{ input.nothing | default(value="x") }}', null],
    ['{{ broken.output.version | default(value="none") }}', 'none'],
    ['{{ input.list | join(sep=", ") }}', 'a, b, c'],
    ['{{ input.list | join }}', 'abc'],
    ['{{ input.map | json_encode }}', '{"a":1,"b":2,"with space":3}'],
    ['{{ input.list | json_encode() }}', '["a","b","c"]'],
    ['{{ [1] | json_encode(pretty=true) }}', '[\n  1\n]'],
    ['{{ input.long | length }}', 9],
    ['{{ input.name | lower }}', 'ada'],
    ['{{ input.name | upper | lower | upper }}', 'ADA'],
    ['{{ "  x " | trim }}', 'x'],
    ['{{ "a-b-c" | replace(from="-", to="+") }}', 'a+b+c'],
    ['{{ "a,b" | split(pat=",") }}', ['a', 'b']],
    ['{{ "a,b" | split(pat=",") | last }}', 'b'],
    ['{{ input.list | first }}', 'a'],
    ['{{ input.empty | first }}', ''],
    ['{{ input.list | nth(n=1) }}', 'b'],
    ['{{ input.map | get(key="b") }}', 2],
    ['{{ input.map | get(key="q", default=0) }}', 0],
    ['{{ input.list | slice(start=1) }}', ['b', 'c']],
    ['{{ input.list | slice(end=-1) }}', ['a', 'b']],
    ['{{ 2.5 | round }}', 3],
    ['{{ -2.5 | round }}', -3],
    ['{{ 2.345 | round(precision=2, method="floor") }}', 2.34],
    ['{{ 2.1 | round(method="ceil") }}', 3],
    ['{{ "日本語テキスト" | truncate(length=3) }}', '日本語…'],
    ['{{ "abcdef" | truncate(length=2, end="") }}', 'ab'],
    ['{{ "<a href=\'/x\'>&" | escape }}', '&lt;a href=&#x27;&#x2F;x&#x27;&gt;&amp;'],
    ['{{ "42" | int + 1 }}', 43],
    ['{{ "x" | int(default=7) }}', 7],
    ['{{ "1.5" | float }}', 1.5],
    ['{{ input.count | as_str }}', '3'],
    ['{{ build.output.at | date }}', '2026-03-21'],
    ['{{ build.output.at | date(format="%H:%M:%S %a %j") }}', '10:30:05 Sat 080'],
    [
      '{{ build.output.at | date(format="%Y-%m-%d %H:%M %z %Z", timezone="Europe/Copenhagen") }}',
      '2026-03-21 11:30 +0100 Europe/Copenhagen',
    ],
    ['{{ 1482720453 | date(format="%Y-%m-%d %H:%M") }}', '2016-12-26 02:47'],
    ['{{ "1996-12-19T16:39:57-08:00" | date(format="%Y-%m-%d %z") }}', '1996-12-19 -0800'],
    ['{{ "2017-03-05" | date(format="%a, %d %b %Y %H:%M:%S %z") }}', 'Sun, 05 Mar 2017 00:00:00 +0000'],
    ['{{ "2019-09-19T01:48:44.581Z" | date(timezone="America/New_York") }}', '2019-09-18'],
    ['{{ "2026-01-05" | date(format="%-d.%-m. 100%%") }}', '5.1. 100%'],
    // tags
    ['{% if input.yes %}on{% else %}off{% endif %}', 'on'],
    ['{% if missing %}on{% elif input.count == 3 %}three{% else %}off{% endif %}', 'three'],
    ['{% for x in input.list %}{{ loop.index }}{{ x }}{% if not loop.last %},{% endif %}{% endfor %}', '1a,2b,3c'],
    ['{% for k, v in input.map %}{{ k }}={{ v }};{% endfor %}', 'a=1;b=2;with space=3;'],
    ['{% for x in input.empty %}x{% else %}none{% endfor %}', 'none'],
    ['{% for h in input.hosts %}{% for d in h.disks | default(value=[]) %}{{ h.name }}{{ d }} {% endfor %}{% endfor %}', 'one1 one2 '],
    ['{% for x in input.list %}{% for x in [1] %}{{ x }}{% endfor %}{{ x }}{% endfor %}', '1a1b1c'],
    ['{% raw %}{{ not.read }}{% endraw %}', '{{ not.read }}'],
    ['a{# a comment {{ #}b', 'ab'],
    ['echo $' + '{#list[@]} {{ input.name }}', 'echo $' + '{#list[@]} Ada'],
    ['a  {{- input.count -}}  b', 'a3b'],
    ['a \n{%- if true -%}\n x \n{%- endif -%}\n b', 'axb'],
    ['{ {a} }', '{ {a} }'],
  ])('%s', (text, expected) => {
    expect(value(text)).toEqual(expected);
  });

  it.each<[string, string, number]>([
    ['{{ input.nmae }}', 'input.nmae is not defined.', 3],
    ['{{ missing }}', 'missing is not defined.', 3],
    ['ab {{ input.hosts[7].name }}', 'input.hosts[7].name is not defined.', 6],
    ['{{ broken.output.version == 1 }}', 'broken.output.version is not defined.', 3],
    ['{{ input.name', '“}}” is missing.', 13],
    ['{{ }}', 'A value is expected instead of the end, “}}”.', 3],
    ['{{ .Names }}', 'A value is expected instead of “.”.', 3],
    ['{{ a b }}', '“b” is not expected here.', 5],
    ['{{ "a }}', 'The text that begins with " has no end.', 3],
    ['{{ a & b }}', '“&” is no part of the language.', 5],
    ['{{ input.name | uper }}', '“uper” is no filter. Did you mean “upper”?', 16],
    ['{{ input.list | join(by=",") }}', '“by” is no argument of “join”. Known: sep.', 21],
    ['{{ missing | default }}', 'The filter “default” needs value=…', 13],
    ['{{ input.name | join }}', 'The filter “join” takes a list, and got a text.', 16],
    ['{{ now() }}', 'There are no functions in this language: “now(…)”. A filter is written as value | filter(…).', 3],
    ['{{ input.name is odd }}', '“odd” is no test.', 17],
    ['{{ 1 / input.zero }}', 'This divides by zero.', 7],
    ['{{ 9007199254740991 + 1 }}', 'The result is too large a number to be exact.', 3],
    ['{{ input.name + 1 }}', '“+” takes numbers, and this is a text.', 3],
    ['{{ input.name < 1 }}', '“<” compares two numbers or two texts, and not a text with a number.', 3],
    ['{% if input.yes %}', '“{% endif %}” is missing.', 0],
    ['{% for x in input.name %}{% endfor %}', 'A loop goes over a list, and this is a text.', 12],
    ['{% for x of input.list %}{% endfor %}', '“in” is expected instead of “of”.', 9],
    ['x{% endif %}', 'There is nothing that “endif” could end.', 1],
    ['{% include "x" %}', '“{% include” is no tag of this language. Known: if, for, raw.', 0],
    ['{# no end', 'This comment has no end: “#}” is missing.', 0],
    ['{% raw %}', '“{% endraw %}” is missing.', 0],
    ['{{ "x" | date }}', 'The filter “date” takes seconds since 1970', 9],
    ['{{ 0 | date(format="%q") }}', 'The filter “date” knows no “%q” in a format.', 7],
    ['{{ 0 | date(timezone="Narnia") }}', 'The filter “date” knows no time zone “Narnia”', 7],
    ['{{ "2026-02-30" | date }}', 'The filter “date” takes seconds since 1970', 18],
  ])('says what is wrong with %s', (text, message, offset) => {
    const found = problem(() => value(text));
    expect(found.message).toContain(message);
    expect(found.offset).toBe(offset);
  });

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
