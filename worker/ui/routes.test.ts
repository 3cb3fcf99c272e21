import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Place } from './routes.ts';

/** Of a browser, what the page's modules touch when they are loaded. */
function standIn(): void {
  const element = () => ({ dataset: {}, style: {}, setAttribute: () => undefined, append: () => undefined });
  vi.stubGlobal('addEventListener', () => undefined);
  vi.stubGlobal('location', { origin: 'https://toru.example', pathname: '/login', search: '', hash: '' });
  vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }));
  vi.stubGlobal('document', {
    ...element(),
    documentElement: element(),
    addEventListener: () => undefined,
    querySelector: () => null,
    createElement: element,
  });
}

let places: readonly Place[];
let placeAt: (path: string) => Place | undefined;
let preloadPlaces: (admin: boolean) => Promise<void>;
beforeAll(async () => {
  standIn();
  ({ places, placeAt, preloadPlaces } = await import('./routes.ts'));
});

describe('the places of the page', () => {
  it('have a path each', () => {
    const paths = places.map(({ path }) => path);
    expect(paths).toEqual([...new Set(paths)]);
    for (const path of paths) expect(path).toMatch(/^\/(?:[a-z]+|:[a-z]+)?(?:\/(?:[a-z]+|:[a-z]+\??))*$/);
  });

  it.each([
    ['/', '/'],
    ['/runs', '/runs'],
    ['/runs/47eb4990', '/runs/:id'],
    ['/a/lights/runs/47eb4990', '/a/:action/runs/:id'],
    ['/runs/47eb4990/more', undefined],
    ['/nowhere', undefined],
  ])('are found by a path: %s', (path, found) => {
    expect(placeAt(path)?.path).toBe(found);
  });

  it('are few tabs on a phone, and each is in the navigation, or below one that is', () => {
    expect(places.filter(({ nav }) => nav?.first === true).map(({ path }) => path)).toEqual(['/', '/runs', '/scripts']);
    const inNavigation = new Set(places.flatMap(({ path, nav }) => (nav === undefined ? [] : [path])));
    // The editor, and an action's own app, are opened from a tile; a host's request to pair by its code; what is of all hosts, from home;
    // jobs from workflows, orchestrators from terminals.
    const parents = places.filter(({ nav }) => nav === undefined).map(({ path }) => `/${path.split('/')[1]}`);
    expect(parents.filter((path) => !inNavigation.has(path) && !['/actions', '/a', '/pair', '/all', '/jobs'].includes(path))).toEqual([]);
  });

  it('of admins are theirs with everything below them', () => {
    const onlyAdmins = places.filter(({ admin }) => admin === true).map(({ path }) => path);
    for (const { path, admin } of places) {
      if (onlyAdmins.some((parent) => path.startsWith(`${parent}/`))) expect(admin, path).toBe(true);
    }
    expect(places.filter(({ admin }) => admin !== true).map(({ path }) => path)).toEqual([
      '/',
      '/runs',
      '/runs/:id',
      '/a/:action',
      '/a/:action/runs/:id',
      '/workflows',
      '/workflows/:ws/:task',
      '/jobs/:id?',
      '/terminals',
      '/terminals/:id',
      '/search',
      '/plugins',
      '/plugins/:id',
      '/all/runs',
      '/all/press',
      '/pair',
      '/account',
    ]);
  });
});

it('brings the code of every place that this person may see, and goes on where one fails', async () => {
  const brought: string[] = [];
  // Places that are one file are brought as one.
  const first = new Map(places.toReversed().map(({ path, component }) => [component, path]));
  for (const [component, path] of first) {
    if (!('preload' in component)) continue;
    const bring = component.preload.bind(component);
    vi.spyOn(component, 'preload').mockImplementation(async () => {
      brought.push(path);
      if (path === '/search') throw new TypeError('no network');
      await bring();
    });
  }
  await preloadPlaces(false);
  expect([...new Set(brought)]).toEqual([
    '/',
    '/runs',
    '/runs/:id',
    '/a/:action',
    '/workflows',
    '/terminals',
    '/search',
    '/plugins',
    '/plugins/:id',
    '/all/runs',
    '/all/press',
    '/pair',
    '/account',
  ]);
  brought.length = 0;
  await preloadPlaces(true);
  const all = places.flatMap(({ path, component }) => (first.get(component) === path ? [path] : []));
  expect([...new Set(brought)]).toEqual(all);
});
