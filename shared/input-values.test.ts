import { describe, expect, it } from 'vitest';
import { checkDeclaration, checkVariables } from './input-declaration.ts';
import { passInputs } from './input-passing.ts';
import { resolveInputs } from './input-values.ts';
import { actionInput } from './inputs.ts';

const input = (fields: Record<string, unknown>) => actionInput.parse({ name: 'it', label: 'It', type: 'text', ...fields });
const resolve = (fields: Record<string, unknown>, it: unknown) => resolveInputs([input(fields)], { it });

describe('an answer that could be taken for an option', () => {
  it('is refused where it stands alone, and taken where the script’s author says so or a flag holds it', () => {
    for (const value of ['-', '-rf', '--config=/etc/shadow']) {
      expect(() => resolve({}, value)).toThrow(expect.objectContaining({ code: 'input_invalid', extra: { input: 'it' } }));
      expect(resolve({ allow_dash: true }, value)).toEqual({ it: value });
      const flagged = input({ pass: { by: 'argument', flag: '--name' } });
      expect(passInputs([flagged], resolveInputs([flagged], { it: value })).args).toEqual([`--name=${value}`]);
      expect(resolve({ pass: { by: 'environment', variable: 'NAME' } }, value)).toEqual({ it: value });
    }
  });

  it('is refused with a NUL in it, with a line break, and past 128 KiB', () => {
    expect(() => resolve({}, 'a\0b')).toThrow(expect.objectContaining({ code: 'input_invalid' }));
    expect(() => resolve({}, 'a\nb')).toThrow(expect.objectContaining({ code: 'input_invalid' }));
    expect(() => resolve({ max_length: 131_071 }, 'é'.repeat(70_000))).toThrow(expect.objectContaining({ code: 'input_too_large' }));
  });

  it('matches its pattern as a whole, also when the pattern has alternatives', () => {
    for (const value of ['prod; rm', 'x prod', 'staging']) {
      expect(() => resolve({ pattern: 'test|prod' }, value)).toThrow(expect.objectContaining({ code: 'input_invalid' }));
    }
    expect(resolve({ pattern: 'test|prod' }, 'prod')).toEqual({ it: 'prod' });
  });

  it('is refused by a pattern that is one only between our parentheses, also when it was saved before', () => {
    for (const pattern of ['a)|(?:b', 'a)|(b', ')|(', 'x)+|(?:.*', '(?=a))|(?:(?<=.)']) {
      expect(checkDeclaration([input({ pattern })], false)).toEqual([
        { at: 'inputs.0.pattern', message: expect.stringContaining('not a regular expression') },
      ]);
      for (const value of ['a', 'ax', 'b', 'xb', '; rm -rf /'])
        expect(() => resolve({ pattern }, value)).toThrow(expect.objectContaining({ code: 'input_invalid' }));
    }
  });
});

it('an address is one, and no list or name with it', () => {
  expect(resolve({ type: 'email' }, 'ada@example.org')).toEqual({ it: 'ada@example.org' });
  for (const value of ['ada', 'Ada <ada@example.org>', 'ada@example.org, eve@example.org', '-rf@example.org'])
    expect(() => resolve({ type: 'email' }, value)).toThrow(expect.objectContaining({ code: 'input_invalid' }));
  expect(() => input({ type: 'email', default: 'ada@' })).toThrow('an address such as');
});

describe('a declaration', () => {
  it('passes no secret as an argument, which every user of the host could read', () => {
    const secret = (pass: unknown) => checkDeclaration([input({ type: 'secret', pass })], false);
    expect(secret({ by: 'argument' })).toEqual([{ at: 'inputs.0.pass', message: expect.stringContaining('is a secret') }]);
    expect(secret({ by: 'argument', flag: '--token' })).toEqual([{ at: 'inputs.0.pass', message: expect.stringContaining('is a secret') }]);
    expect(secret({ by: 'stdin' })).toEqual([]);
    expect(secret({ by: 'environment', variable: 'TOKEN' })).toEqual([]);
  });

  it.each(['SHELLOPTS', 'LD_PRELOAD', 'TORU_USER', 'HTTP_PROXY'])(
    'may not set %s, on saving and at a press, and says what to call it',
    (variable) => {
      const declared = [input({ pass: { by: 'environment', variable } })];
      const says = new RegExp(`may not set ${variable}, because .* call the variable INPUT_${variable},`);
      expect(checkDeclaration(declared, false)).toEqual([{ at: 'inputs.0.pass.variable', message: expect.stringMatching(says) }]);
      expect(() => checkVariables(declared)).toThrow(says);
    },
  );
});

describe('several of the options', () => {
  const several = { type: 'choice', multiple: true, options: [{ value: 'a b' }, { value: 'c' }, { value: 'd' }] };

  it('are a list of them, each once, and one element, line or flag each', () => {
    expect(resolve(several, ['c', 'a b'])).toEqual({ it: ['c', 'a b'] });
    for (const wrong of ['c', ['x'], ['c', 'c'], ['c', 1], [null], { 0: 'c', length: 1 }, ['c', 'd', 'a b', 'c']])
      expect(() => resolve(several, wrong), JSON.stringify(wrong)).toThrow(expect.objectContaining({ code: 'input_invalid' }));
    const passed = (pass: unknown) => passInputs([input({ ...several, pass })], { it: ['c', 'a b'] });
    expect(passed({ by: 'argument' }).args).toEqual(['c', 'a b']);
    expect(passed({ by: 'argument', flag: '--only' }).args).toEqual(['--only=c', '--only=a b']);
    expect(passed({ by: 'environment', variable: 'INPUT_IT' }).env).toEqual({ INPUT_IT: 'c\na b' });
    expect(passed({ by: 'stdin' }).stdin).toBe('c\na b\n');
  });

  it('may be none: which is required, cleared or left alone as elsewhere', () => {
    expect(resolve(several, [])).toEqual({});
    expect(() => resolve({ ...several, required: true }, [])).toThrow(expect.objectContaining({ code: 'input_required' }));
    expect(resolveInputs([input({ ...several, default: ['d'] })], {})).toEqual({ it: ['d'] });
    expect(resolve({ ...several, default: ['d'] }, [])).toEqual({ it: '' });
  });

  it('have a list as default, and no option that is no line', () => {
    const faults = (fields: Record<string, unknown>) => checkDeclaration([input({ ...several, ...fields })], false).map(({ at }) => at);
    expect(faults({ default: ['c'] })).toEqual([]);
    expect(faults({ default: 'c' })).toEqual(['inputs.0.default']);
    expect(faults({ multiple: false, default: ['c'] })).toEqual(['inputs.0.default']);
    expect(faults({ default: ['x'] })).toEqual(['inputs.0.default']);
    expect(faults({ options: [{ value: 'a\nb' }] })).toEqual(['inputs.0.options']);
    expect(faults({ options: [{ value: '-v' }] })).toEqual(['inputs.0.options']);
  });
});

it.each([
  ['time', ['00:00', '23:59'], ['24:00', '1:00', '12:60', '12:00:00', '12', ' 12:00']],
  ['datetime', ['2026-02-28T23:59'], ['2026-02-30T10:00', '2026-02-28 10:00', '2026-02-28T10:00Z', '2026-02-28', '2026-02-28T24:00']],
])('a %s is one that there is, within its bounds', (type, good, bad) => {
  for (const value of good) expect(resolve({ type }, value)).toEqual({ it: value });
  for (const value of bad) expect(() => resolve({ type }, value), value).toThrow(expect.objectContaining({ code: 'input_invalid' }));
  expect(() => resolve({ type, min: good[0] }, good[0])).not.toThrow();
  const early = type === 'time' ? '09:00' : '2020-01-01T00:00';
  const late = type === 'time' ? '09:01' : '2020-01-01T00:01';
  expect(() => resolve({ type, min: late }, early)).toThrow(/not before/);
  expect(() => resolve({ type, max: early }, late)).toThrow(/not after/);
  expect(() => input({ type, default: bad[0] })).toThrow();
});

describe('a number in steps', () => {
  it('is refused between them, exactly, from its least one', () => {
    for (const value of ['0', '0.3', '-1.7', '1e2', '1.0'])
      expect(() => resolve({ type: 'number', step: '0.1', allow_dash: true }, value)).not.toThrow();
    for (const value of ['0.35', '1e-3'])
      expect(() => resolve({ type: 'number', step: 0.1, allow_dash: true }, value)).toThrow(/steps of 0.1/);
    expect(resolve({ type: 'number', min: 3, step: 5 }, '13')).toEqual({ it: 13 });
    expect(() => resolve({ type: 'number', min: 3, step: 5 }, '15')).toThrow('steps of 5 from 3');
    expect(() => resolve({ type: 'number', step: '1e-999999999' }, '1e999999999')).toThrow('steps of');
  });

  it('needs bounds for a slider, in order, and a step above 0', () => {
    const faults = (fields: Record<string, unknown>) => checkDeclaration([input({ type: 'number', ...fields })], false).map(({ at }) => at);
    expect(faults({ slider: true, min: 0, max: 10, step: 2 })).toEqual([]);
    expect(faults({ slider: true, min: 0 })).toEqual(['inputs.0.max']);
    expect(faults({ min: 10, max: 9 })).toEqual(['inputs.0.max']);
    for (const step of [0, -1, '0.0']) expect(faults({ step })).toEqual(['inputs.0.step']);
  });
});

describe('a question that depends on another answer', () => {
  const mode = input({ name: 'mode', label: 'Mode', type: 'choice', options: [{ value: 'full' }, { value: 'part' }] });
  const part = input({ name: 'part', label: 'Part', required: true, default: 'x', show_if: { input: 'mode', is: ['part'] } });
  const deep = input({ name: 'deep', label: 'Deep', type: 'boolean', default: true, show_if: { input: 'part', is: ['y'] } });

  it('is asked, with its default and its rules, only for those answers', () => {
    const ask = (given: Record<string, unknown>) => resolveInputs([mode, part, deep], given);
    expect(ask({})).toEqual({});
    expect(ask({ mode: 'full' })).toEqual({ mode: 'full' });
    expect(ask({ mode: 'part' })).toEqual({ mode: 'part', part: 'x' });
    expect(ask({ mode: 'part', part: 'y' })).toEqual({ mode: 'part', part: 'y', deep: true });
    expect(() => ask({ mode: 'part', part: '' })).toThrow(expect.objectContaining({ code: 'input_required' }));
    expect(() => ask({ mode: 'full', part: 'y' })).toThrow(expect.objectContaining({ code: 'input_invalid', extra: { input: 'part' } }));
    expect(ask({ mode: 'full', part: '' })).toEqual({ mode: 'full' });
  });

  it('stands behind the other, which is no secret and can be answered so', () => {
    const faults = (...inputs: ReturnType<typeof input>[]) => checkDeclaration(inputs, false);
    expect(faults(mode, part, deep)).toEqual([]);
    expect(faults(part, mode)).toEqual([{ at: 'inputs.0.show_if', message: expect.stringContaining('not asked before') }]);
    const secret = input({ name: 'mode', type: 'secret', pass: { by: 'stdin' } });
    expect(faults(secret, part)).toEqual([{ at: 'inputs.1.show_if', message: expect.stringContaining('secret') }]);
    const stray = input({ name: 'other', show_if: { input: 'mode', is: ['none'] } });
    expect(faults(mode, stray)).toEqual([{ at: 'inputs.1.show_if', message: expect.stringContaining('can’t have') }]);
  });
});
