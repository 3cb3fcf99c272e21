import { expect, it } from 'vitest';
import { ownRoute } from './own-routes.ts';

const ORIGIN = 'https://toru.example';
const asked = (path: string): string => ownRoute('weather', path, ORIGIN);

it('leads to the plugin’s own routes', () => {
  expect(asked('/now')).toBe('/api/plugins/weather/now');
  expect(asked('/')).toBe('/api/plugins/weather/');
  expect(asked('/a/b?c=d&e=%20')).toBe('/api/plugins/weather/a/b?c=d&e=%20');
  expect(asked('/grüße')).toBe('/api/plugins/weather/gr%C3%BC%C3%9Fe');
  // Names of the host's own further down, or beginning alike, are the plugin's.
  expect(asked('/day/logs')).toBe('/api/plugins/weather/day/logs');
  expect(asked('/enabled')).toBe('/api/plugins/weather/enabled');
});

it.each([
  '',
  'now',
  'https://evil.example/x',
  '//evil.example/x',
  '/../other/now',
  '/a/../../other/now',
  '/../weather-2/now',
  '/../../users',
  '/..',
  '/a/./../..',
  '/%2e%2e/users',
  '/.%2E/users',
  '/%2fusers',
  '/..%2fusers',
  '/..\\users',
  '\\users',
  '/%5c..%5cusers',
  '/a%00',
  '/a\tb',
  '/\n/evil.example',
  '/enable',
  '/disable',
  '/disable?x',
  '/logs',
  '/logs?follow=1',
  '/logs/',
  '/logs#x',
  '/bundle.js',
  '/%65nable',
  '/Enable',
])('refuses %j', (path) => {
  expect(() => asked(path)).toThrow(expect.objectContaining({ code: 'bad_path' }));
});
