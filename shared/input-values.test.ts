import { describe, expect, it } from 'vitest';
import { checkDeclaration, checkVariables, passInputs, resolveInputs } from './input-values.ts';
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
