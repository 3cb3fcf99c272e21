import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { peerAddress, trustedProxies } from './peer-address.ts';

const TRUSTED = ['127.0.0.1', '10.0.0.0/8', 'fd00::/8'];

/** Who asks, over a socket from this peer. */
function seen(peer: string, headers: Record<string, string>, trusted = TRUSTED): string {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: peer });
  return peerAddress({ socket, headers }, trustedProxies(trusted));
}

describe('peerAddress', () => {
  it.each([
    ['192.0.2.9', '6.6.6.6', '192.0.2.9'],
    ['127.0.0.1', '192.0.2.1', '192.0.2.1'],
    // What the client wrote itself stands left of what the proxy added.
    ['127.0.0.1', '6.6.6.6, 192.0.2.1', '192.0.2.1'],
    ['::ffff:127.0.0.1', '6.6.6.6,192.0.2.1 , 10.1.2.3', '192.0.2.1'],
    ['127.0.0.1', '10.0.0.9, 10.1.2.3', '10.0.0.9'],
    ['127.0.0.1', '192.0.2.1:4711', '192.0.2.1'],
    ['fd00::1', '[2001:db8::1]:443', '2001:db8::1'],
    ['fd00::1', '2001:db8::1', '2001:db8::1'],
    ['127.0.0.1', '::ffff:192.0.2.1', '192.0.2.1'],
    // Nobody whom one could count by.
    ['127.0.0.1', '192.0.2.1, unknown', '127.0.0.1'],
    ['127.0.0.1', '192.0.2.1, unknown, 10.0.0.1', '10.0.0.1'],
    ['127.0.0.1', '', '127.0.0.1'],
    ['127.0.0.1', '999.1.1.1', '127.0.0.1'],
  ])('from %s with X-Forwarded-For “%s” is %s', (peer, list, address) => {
    expect(seen(peer, { 'x-forwarded-for': list })).toBe(address);
  });

  it.each([
    ['for=192.0.2.1;proto=https;by=10.0.0.1', '192.0.2.1'],
    ['for=6.6.6.6, for="[2001:db8::1]:4711"', '2001:db8::1'],
    ['proto=https;For="192.0.2.1:80"', '192.0.2.1'],
    ['for=_hidden', '127.0.0.1'],
    ['for=unknown', '127.0.0.1'],
  ])('reads Forwarded “%s” as %s', (forwarded, address) => {
    expect(seen('127.0.0.1', { forwarded })).toBe(address);
  });

  it('takes the header that the proxy writes, when a client sent the other one', () => {
    expect(seen('127.0.0.1', { forwarded: 'for=6.6.6.6', 'x-forwarded-for': '192.0.2.1' })).toBe('192.0.2.1');
  });

  it('believes nobody unless told to', () => {
    expect(seen('127.0.0.1', { 'x-forwarded-for': '6.6.6.6', forwarded: 'for=6.6.6.6' }, [])).toBe('127.0.0.1');
  });
});
