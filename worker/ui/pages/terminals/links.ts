import { WebLinksAddon } from '@xterm/addon-web-links';
import type { Terminal } from '@xterm/xterm';

/** An address that a page may open; null for any other. */
export function webAddress(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null;
}

export function openAddress(address: string): void {
  window.open(address, '_blank', 'noopener,noreferrer');
}

/**
 * Addresses that stand in the text, and those that a program hides behind a text (OSC 8).
 * @param ask the person sees the address first: where it is hidden, or a finger may have meant something else.
 */
export function takeLinks(term: Terminal, host: HTMLElement, ask: (address: string) => void): void {
  const follow = (text: string, hidden: boolean): void => {
    const address = webAddress(text);
    if (address === null) return;
    if (hidden || matchMedia('(pointer: coarse)').matches) ask(address);
    else openAddress(address);
  };
  const hover = (text: string): void => {
    host.title = text;
  };
  const leave = (): void => {
    host.title = '';
  };
  term.options.linkHandler = {
    activate: (_event, text) => follow(text, true),
    hover: (_event, text) => hover(text),
    leave,
    allowNonHttpProtocols: false,
  };
  term.loadAddon(new WebLinksAddon((_event, text) => follow(text, false), { hover: (_event, text) => hover(text), leave }));
}
