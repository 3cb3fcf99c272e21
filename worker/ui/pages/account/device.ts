import { t } from '../../translate.ts';

/** The name of a browser, for people: "Firefox on Linux". */
export interface Device {
  name: string;
  kind: 'phone' | 'computer' | 'program';
}

/** The first that fits: many browsers name others too. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:A|iOS)?\//, 'Edge'],
  [/\bOPR\/|\bOPX\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\bHeadlessChrome\//, 'Headless Chrome'],
  [/\b(?:Chrome|CriOS)\//, 'Chrome'],
  [/\bVersion\/[\d.]+ .*Safari\//, 'Safari'],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMac OS X\b|\bMacintosh\b/, 'Mac'],
  [/\bLinux\b/, 'Linux'],
];

/** @param userAgent a request's User-Agent header: a hint, which anybody can forge. */
export function deviceOf(userAgent: string): Device {
  const browser = BROWSERS.find(([sign]) => sign.test(userAgent))?.[1];
  const system = SYSTEMS.find(([sign]) => sign.test(userAgent))?.[1];
  if (browser === undefined && system === undefined) {
    const program = /^[\w.-]{1,40}/.exec(userAgent)?.[0];
    return { name: program ?? t('Unknown device'), kind: 'program' };
  }
  const kind = system === 'iPhone' || (system === 'Android' && /\bMobile\b/.test(userAgent)) ? 'phone' : 'computer';
  const name = browser ?? t('A browser');
  return { name: system === undefined ? name : t('{browser} on {system}', { browser: name, system }), kind };
}

/** An address for people: what lies on this machine has a name. */
export function placeOf(address: string): string {
  return /^(?:::1|127\.\d+\.\d+\.\d+|::ffff:127\.\d+\.\d+\.\d+)$/.test(address) ? t('the host itself') : address;
}
