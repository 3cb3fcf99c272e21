import { computed, effect, signal } from '@preact/signals';
import type { Host } from '../../../shared/hosts.ts';
import { edge } from '../api.ts';
import { hostNow } from '../clock.ts';
import { networkThere } from '../connection/network-there.ts';
import { connection } from '../connection/page-connection.ts';
import { isHost, listOf } from '../guards.ts';
import { me } from '../own-session.ts';
import { viewedHost } from '../viewed-host.ts';
import { oneAtATime } from './at-once.ts';

/**
 * Is anybody there? The network may be away (this device's), the server, or the host: three different things to a person.
 * `since` in milliseconds since 1970, by the host's clock.
 */
export type Presence =
  | { kind: 'unknown' }
  | { kind: 'online' }
  | { kind: 'network_away' }
  | { kind: 'server_away'; since: number }
  | { kind: 'host_away'; since: number | null }
  /** No host was ever paired with this installation. */
  | { kind: 'no_host' };

/** All hosts of the installation as the edge knows them, the home host first; empty until they were read. */
export const hosts = signal<readonly Host[]>([]);
/** The host of this page: its name, and its last known runs for when it is away. */
export const host = computed(() => {
  const known = hosts.value;
  const wanted = viewedHost ?? me.value?.host;
  // Never one in the place of another: a host that is in the address alone is none.
  return known.find(({ id }) => id === wanted) ?? (viewedHost === null ? known[0] : undefined) ?? null;
});

export const hostPresence = computed<Presence>(() => {
  if (!networkThere.value) return { kind: 'network_away' };
  const socket = connection.state.value;
  if (socket.kind === 'waiting') return { kind: 'server_away', since: hostNow() - (Date.now() - socket.since) };
  const reported = connection.host.value;
  if (reported !== null)
    return reported.online
      ? { kind: 'online' }
      : { kind: 'host_away', since: reported.last_seen === null ? null : Date.parse(reported.last_seen) };
  if (me.value?.host === null) return { kind: 'no_host' };
  if (host.value?.online === false)
    return { kind: 'host_away', since: host.value.last_seen === null ? null : Date.parse(host.value.last_seen) };
  return socket.kind === 'open' ? { kind: 'online' } : { kind: 'unknown' };
});

/** Reads it again. What can't be read stays as it was. */
export const loadHost = oneAtATime(async () => {
  try {
    const list = await edge(listOf(isHost), 'GET', '/api/hosts');
    if (me.peek() !== null) hosts.value = list.items;
  } catch {
    // The banners say what is away.
  }
});

const connected = computed(() => connection.state.value.kind === 'open');
/** There is a connection by now, or none to be had: before that, what was read would be read again. */
const isSettled = computed(() => connected.value || connection.state.value.kind === 'waiting');

effect(() => {
  if (me.value === null || me.value === undefined) {
    hosts.value = [];
    return;
  }
  // Read again whenever the host comes or goes: its recent runs are what is shown meanwhile. And once there is a connection, by which we are told.
  void connected.value;
  void connection.host.value?.online;
  void connection.pending.value;
  if (isSettled.value || host.peek() !== null) void loadHost();
});
