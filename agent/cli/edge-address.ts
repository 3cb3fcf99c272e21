import type { EdgeLocation } from '../config-edge.ts';
import { edgeUrl } from '../config-edge.ts';
import { UsageError } from './io.ts';

/** The address of an edge as people copy it from a browser: the place in the page is none of it. @throws UsageError */
export function edgeAddress(typed: string): EdgeLocation {
  const text = /^[a-z]+:/i.test(typed) ? typed : `https://${typed}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  const parsed = edgeUrl.safeParse(url === null || `${url.username}${url.password}` !== '' ? '' : url.origin);
  if (parsed.success) return parsed.data;
  throw new UsageError(`“${url === null ? typed : url.host}”: ${parsed.error.issues[0]?.message ?? 'an address is expected'}.`);
}
