/**
 * How a browser shows the page, as far as the server has to know it to draw the page before its script runs: what a person chose on this
 * device, in a cookie that the page writes. Without a choice there is no cookie.
 */
export interface Look {
  readonly theme: 'system' | 'light' | 'dark';
  /** A language of the page; '' for what the browser wants. */
  readonly language: string;
  /** How large the tiles are. */
  readonly density: 'large' | 'small' | 'list';
  /** Groups of tiles are folded: which ones, the browser alone knows. */
  readonly folded: boolean;
}

export const PLAIN_LOOK: Look = { theme: 'system', language: '', density: 'large', folded: false };

const THEMES = ['system', 'light', 'dark'] as const;
const DENSITIES = ['large', 'small', 'list'] as const;

/** @returns the cookie's value; null where nothing was chosen. */
export function writeLook({ theme, language, density, folded }: Look): string | null {
  const value = [theme, language, density, folded ? 'folded' : ''].join('.');
  return value === 'system..large.' ? null : value;
}

/** @param value of the cookie, which anybody can write. */
export function readLook(value: string | undefined): Look {
  const [theme, language = '', density, folded] = (value ?? '').split('.');
  return {
    theme: THEMES.find((one) => one === theme) ?? PLAIN_LOOK.theme,
    language: /^[\w-]{0,16}$/.test(language) ? language : PLAIN_LOOK.language,
    density: DENSITIES.find((one) => one === density) ?? PLAIN_LOOK.density,
    folded: folded === 'folded',
  };
}

/** The cookie's name. Cookies don't tell ports apart, so on plain http, one's own machine, the port is part of it. */
export function lookCookie({ https, port }: { https: boolean; port: string }): string {
  return https ? '__Host-toru_look' : `toru_look_${port === '' ? '80' : port}`;
}
