import { describe, expect, it } from 'vitest';
import { addUser, callerOf, makeServices, refusal } from './fixture.ts';
import { generatePassword } from './generated-password.ts';
import { whyWeak } from './weak-password.ts';

describe('whyWeak', () => {
  it.each([
    ['short', /fewer than 8/],
    ['password', /commonest/],
    ['Password1', /commonest/],
    ['PASSWORD1!', /commonest/],
    ['qwertyuiop', /commonest/],
    ['iloveyou', /commonest/],
    ['trustno1', /commonest/],
    ['1q2w3e4r', /commonest/],
    ['admin123', /commonest/],
    ['passw0rd', /commonest/],
    ['11111111', /repeated/],
    ['00000000', /repeated/],
    ['12121212', /repeated/],
    ['abcxabcx', /repeated/],
    ['abcdefgh', /in a row/],
    ['98765432', /in a row/],
    ['margarete', /name/],
    ['Margarete', /name/],
    ['margarete1', /name/],
    ['margarete2026!', /name/],
    ['!!margarete', /name/],
    ['eteragram', /name/],
    ['margaretemargarete', /name/],
    ['m4rg4r3te', /name/],
  ])('%s of margarete: %s', async (password, why) => {
    expect(await whyWeak(password, 'margarete')).toMatch(why);
  });

  it.each([
    ['anna', 'annaanna'],
    ['anna@example.com', 'anna2026'],
    ['anna@example.com', 'anna@example.com'],
    ['1234', '12341234'],
  ])('knows the name %s in %s', async (name, password) => {
    expect(await whyWeak(password, name)).not.toBeNull();
  });

  it.each(['correct horse battery', 'a margarete of mine', 'tr0ub4dor&3', 'ein Satz mit Ä'])('%s will do', async (password) => {
    expect(await whyWeak(password, 'margarete')).toBeNull();
  });

  it('never refuses what Toru makes up', async () => {
    for (let n = 0; n < 200; n += 1) expect(await whyWeak(generatePassword(), 'admin')).toBeNull();
  });
});

it('is asked wherever a user gets a password, and changes nothing when it says no', async () => {
  const services = makeServices();
  const root = callerOf(await addUser(services, 'root', 'admin'), services.clock.now);
  expect(await refusal(() => services.users.create({ username: 'margarete', password: 'margarete1', role: 'client' }, root))).toBe(
    'bad_request',
  );
  expect(services.users.byName('margarete')).toBeNull();
  const anna = await addUser(services, 'anna');
  for (const patch of [{ password: 'sunshine' }, { password: 'bertbert', username: 'bert' }])
    await expect(services.users.update(anna.id, patch, root)).rejects.toMatchObject({ code: 'bad_request', extra: { field: 'password' } });
  expect(services.users.get(anna.id)?.username).toBe('anna');
});
