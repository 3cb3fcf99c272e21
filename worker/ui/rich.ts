import { type ComponentChildren, createElement, Fragment } from 'preact';
import { t } from './translate.ts';

/** A text as `t` has it, whose values may be elements: names in bold, times that stay true. */
export function rich(text: string, values: Readonly<Record<string, ComponentChildren>>): ComponentChildren {
  return filled(t(text), values);
}

/** @param text in the page's language already. */
export function filled(text: string, values: Readonly<Record<string, ComponentChildren>>): ComponentChildren {
  const parts = text.split(/\{(\w+)\}/);
  return createElement(Fragment, null, ...parts.map((part, at) => (at % 2 === 0 ? part : values[part])));
}
