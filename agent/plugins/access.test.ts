import { expect, test } from 'vitest';
import { pluginManifest } from '../../shared/plugins.ts';
import { mayAsk, sees } from './access.ts';
import { manifestOf } from './plugins-harness.ts';

const admin = { role: 'admin' } as const;
const client = { role: 'client' } as const;

function manifest(access: 'admin' | 'everyone', routes: { method: string; path: string; access?: string }[] = []) {
  return pluginManifest.parse({ ...manifestOf('p'), access, routes });
}

test('one for admins does not exist for others; one for everyone does', () => {
  expect([sees(admin, manifest('admin')), sees(client, manifest('admin')), sees(client, manifest('everyone'))]).toEqual([
    true,
    false,
    true,
  ]);
  expect(mayAsk(client, manifest('admin'), 'GET', '/')).toBe(false);
  expect(mayAsk(client, manifest('everyone'), 'GET', '/anything')).toBe(true);
});

test('a declared route may be stricter or wider than its plugin, by method', () => {
  const mixed = manifest('everyone', [{ method: 'POST', path: '/reset', access: 'admin' }]);
  expect(mayAsk(client, mixed, 'POST', '/reset')).toBe(false);
  expect(mayAsk(client, mixed, 'GET', '/reset')).toBe(true);
  expect(mayAsk(admin, mixed, 'POST', '/reset')).toBe(true);
  const wider = manifest('admin', [{ method: 'GET', path: '/now', access: 'everyone' }]);
  expect([mayAsk(client, wider, 'GET', '/now'), mayAsk(client, wider, 'HEAD', '/now'), mayAsk(client, wider, 'GET', '/then')]).toEqual([
    true,
    true,
    false,
  ]);
});

test('the route that fits most exactly decides, and of two equal ones the stricter', () => {
  const both = manifest('everyone', [
    { method: 'GET', path: '/items/:id', access: 'everyone' },
    { method: 'GET', path: '/items/secret', access: 'admin' },
    { method: 'GET', path: '/users/:id', access: 'admin' },
    { method: 'GET', path: '/users/me' },
    { method: 'GET', path: '/twice/:a', access: 'everyone' },
    { method: 'GET', path: '/twice/:b', access: 'admin' },
  ]);
  expect(['/items/7', '/items/secret', '/users/7', '/users/me', '/twice/x'].map((path) => mayAsk(client, both, 'GET', path))).toEqual([
    true,
    false,
    false,
    true,
    false,
  ]);
});

test('no other way of writing a path leads around a route', () => {
  const strict = manifest('everyone', [{ method: 'GET', path: '/admin', access: 'admin' }]);
  for (const path of ['/admin', '/admin/', '//admin', '/ADMIN', '/%61dmin', '/%41dmin', '/admin//', '/%zz'])
    expect(mayAsk(client, strict, 'GET', path), path).toBe(false);
});

test('a spelling that only some would take for the open route is no way into the one beside it', () => {
  const users = manifest('admin', [
    { method: 'GET', path: '/users/:id', access: 'admin' },
    { method: 'GET', path: '/users/me', access: 'everyone' },
  ]);
  expect(mayAsk(client, users, 'GET', '/users/me')).toBe(true);
  // A router that tells “ME” from “me”, or does not decode, runs the route with the parameter.
  for (const path of ['/users/ME', '/users/%6de', '/users/m%65', '/users/me/', '/users//me'])
    expect(mayAsk(client, users, 'GET', path), path).toBe(false);
});
