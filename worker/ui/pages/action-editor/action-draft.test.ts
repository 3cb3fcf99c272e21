import { describe, expect, it } from 'vitest';
import { actionInput } from '../../../../shared/inputs.ts';
import {
  argsToText,
  bodyOf,
  emptyDraft,
  fitsLines,
  INPUT_TYPES,
  labelOf,
  nameOf,
  newInput,
  optionsToText,
  patchOf,
  textToArgs,
  textToOptions,
  unusualVariables,
  variableOf,
  withType,
  wrongWith,
} from './action-draft.ts';

describe('an action being edited', () => {
  it('makes names that people would give', () => {
    expect(labelOf('media/sync-photos.sh')).toBe('Sync photos');
    expect(nameOf('Which server, please?')).toBe('which_server_please');
    expect(nameOf('3 Größen')).toBe('gro_en');
    expect(variableOf('api_token')).toBe('INPUT_API_TOKEN');
  });

  it('says what is missing', () => {
    expect(Object.keys(wrongWith(emptyDraft()))).toEqual(['script', 'label']);
    expect(wrongWith(emptyDraft('a.sh'))).toEqual({});
  });

  it('says where', () => {
    const inputs = [newInput([]), newInput([])].map(({ key, input }) => ({ key, input: { ...input, name: 'twice', label: 'A question' } }));
    expect(wrongWith({ ...emptyDraft('a.sh'), inputs })).toEqual({ 'inputs.1.name': 'Two inputs are named “twice”.' });
  });

  it('never passes a secret as an argument by itself', () => {
    const secret = withType(withType(null, 'text', 'token'), 'secret');
    expect(secret.pass).toEqual({ by: 'environment', variable: 'INPUT_TOKEN' });
  });

  it('asks about variables that have a name of their own, once', () => {
    const passed = (variable: string) => ({
      key: 1,
      input: { ...withType(null, 'text'), label: 'Which', pass: { by: 'environment' as const, variable } },
    });
    const draft = (...names: string[]) => ({ ...emptyDraft('a.sh'), inputs: names.map(passed) });
    expect(unusualVariables(draft('INPUT_TOKEN', 'TOKEN'), emptyDraft())).toEqual(['TOKEN']);
    expect(unusualVariables(draft('TOKEN', 'OTHER'), draft('TOKEN'))).toEqual(['OTHER']);
    expect(wrongWith(draft('LD_PRELOAD'))).toEqual({ 'inputs.0.pass.variable': expect.stringContaining('INPUT_LD_PRELOAD') });
  });

  it('gives new inputs free names, and keeps what two types share', () => {
    const one = newInput([]);
    const two = newInput([one]);
    expect(two.input.name).not.toBe(one.input.name);
    expect(withType({ ...one.input, label: 'How many?' }, 'number')).toMatchObject({
      type: 'number',
      label: 'How many?',
      name: one.input.name,
    });
  });

  it('sends the revision only for what exists', () => {
    expect(bodyOf({ ...emptyDraft('a.sh'), revision: 3 })).not.toHaveProperty('revision');
    expect(patchOf({ ...emptyDraft('a.sh'), revision: 3 })).toMatchObject({ revision: 3, label: 'A' });
  });

  it('reads back options and arguments that it wrote', () => {
    const options = [{ value: 's', label: 'Small' }, { value: 'large' }, { value: '', label: 'Nothing' }];
    expect(textToOptions(optionsToText(options))).toEqual(options);
    for (const args of [[], ['-v', 'two words'], [''], ['--name', ''], ['', '', 'x'], [' a ']])
      expect(textToArgs(argsToText(args)), JSON.stringify(args)).toEqual(args);
    for (const text of ['= Nothing', '=', ' = Nothing ']) expect(textToOptions(text)[0]?.value, text).toBe('');
    expect(textToOptions('key=value\na = b = c')).toEqual([{ value: 'key=value' }, { value: 'a', label: 'b = c' }]);
  });

  it('knows which options and arguments lines can’t hold', () => {
    const fits = (options: { value: string; label?: string }[]) => fitsLines(options, optionsToText(options), textToOptions);
    expect(fits([{ value: '', label: 'Nothing' }, { value: 'a' }])).toBe(true);
    for (const value of [' a', 'a ', 'a = b', 'a\nb']) expect(fits([{ value }]), value).toBe(false);
    expect(fitsLines(['a\nb'], argsToText(['a\nb']), textToArgs)).toBe(false);
  });
});

it('every type of input can be chosen, and becomes each other', () => {
  const types = actionInput.options.map(({ shape }) => shape.type.value).sort();
  expect(INPUT_TYPES.map(([type]) => type).sort()).toEqual(types);
  for (const from of types) for (const to of types) expect(withType(withType(null, from), to).type).toBe(to);
});
