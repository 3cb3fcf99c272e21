import type { Page } from 'playwright-core';
import { beforeAll, describe, test } from 'vitest';
import { FULL, QUICK } from '../../tools/test-pace.ts';
import { describeInBrowser } from '../harness/browser.ts';
import { expectAccessible, expectToFit, SCREENSHOTS } from './look.ts';
import { fillHouse, type House, PLACES, Tour } from './places.ts';
import { type Scene, withToru } from './scene.ts';

/**
 * Every page and sheet, looked at by axe (https://github.com/dequelabs/axe-core) in both themes, on a phone and on a desktop: nothing
 * that it finds, and nothing wider than the window, upright, on its side and on a small one. With SCREENSHOTS=FOLDER a picture of
 * each is kept there, for eyes.
 */

const INPUTS = [
  { type: 'text', name: 'name', label: 'Name', required: true, help: 'As it stands on the label.' },
  { type: 'choice', name: 'mode', label: 'Mode', options: [{ value: 'all' }, { value: 'some', label: 'Some of them' }] },
  { type: 'choice', name: 'parts', label: 'Parts', multiple: true, options: [{ value: 'a', label: 'First' }, { value: 'b' }] },
  { type: 'number', name: 'level', label: 'Level', min: 0, max: 10, slider: true },
  { type: 'boolean', name: 'dry', label: 'Only say what would be done' },
  { type: 'date', name: 'day', label: 'Day' },
  { type: 'secret', name: 'token', label: 'Token', pass: { by: 'environment', variable: 'INPUT_TOKEN' } },
];
/** A small one, and one on its side. */
const OTHER_PHONES = [
  { width: 320, height: 568 },
  { width: 844, height: 390 },
];
const LABELS = { done: 'Colours of a long name that goes on', fails: 'Fails', asks: 'Asks', form: 'Form' };
const VIEWS: ['light' | 'dark', number][] = [['light', 390]];
// The quick part leaves the other theme and width to all tests, and pages that one seldom opens.
if (!QUICK) VIEWS.push(['dark', 1280]);
/** Where people are all day, and a sheet over one of them. */
const DAILY = ['home', 'runs', 'run', 'run-asks', 'action', 'workflows', 'job', 'settings', 'hosts', 'form'];
const places = QUICK ? PLACES.filter(({ name }) => DAILY.includes(name)) : PLACES;
if (FULL || SCREENSHOTS !== undefined) VIEWS.push(['dark', 390], ['light', 1280]);

describeInBrowser('every page has nothing that axe objects to, and fits', () => {
  let scene: Scene;
  let house: House;

  withToru(async (made) => {
    scene = made;
    house = await fillHouse(scene, { labels: LABELS, fields: { done: { group: 'House' } }, inputs: INPUTS });
  });

  describe.each(VIEWS)('%s, %i px', (colorScheme, width) => {
    const phone = width < 600;
    const own = { width, height: phone ? 844 : 800 };
    let page: Page;
    let tour: Tour;

    beforeAll(async () => {
      ({ page } = await scene.browse({ colorScheme, viewport: own, hasTouch: phone }));
      tour = new Tour(page, scene.toru.url, house);
    });

    test.each(places)('$name', async (place) => {
      await tour.goTo(place);
      await expectAccessible(page, `${place.name}-${colorScheme}-${width}`);
      for (const size of phone ? [...OTHER_PHONES, own] : [own]) {
        await page.setViewportSize(size);
        await expectToFit(page);
      }
    });
  });
});
