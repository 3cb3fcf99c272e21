import { computed, signal } from '@preact/signals';
import type { DevicePatch, NotifyDevice, NotifySelf } from '../../../shared/notify.ts';
import { agent, read } from '../api.ts';
import { bool, isAnything, list, listOfAll, oneOf, optional, orNull, shape, text } from '../guards.ts';
import { isInstalled } from './install.ts';

/** How this device is told things while no page of Toru is open: its browser's push, and what the host knows of it. */

const isWhen = oneOf('always', 'failure', 'never');
export const isDevice = shape<NotifyDevice>({
  id: text,
  name: text,
  current: bool,
  created_at: text,
  own_runs: isWhen,
  host: bool,
  thresholds: bool,
  language: orNull(text),
  quiet: orNull(shape<NonNullable<NotifyDevice['quiet']>>({ from: text, to: text, time_zone: text })),
  silent_until: optional(orNull(text)),
  follows: listOfAll(shape<NotifyDevice['follows'][number]>({ action: text, when: isWhen })),
  runs: list,
  sent_at: orNull(text),
  problem: orNull(text),
});
const isSelf = shape<NotifySelf>({ public_key: text, items: listOfAll(isDevice), test_origin: orNull(text) });

/** The host's word on our devices; null until it was asked. */
export const notifySelf = signal<NotifySelf | null>(null);
/** The device of this browser and session, when it is told. */
export const thisDevice = computed(() => notifySelf.value?.items.find((device) => device.current) ?? null);

/** Why this browser can't be told; null when it can. */
export type Obstacle = 'insecure' | 'install' | 'unsupported' | 'denied';

export function obstacle(): Obstacle | null {
  if (!isSecureContext) return 'insecure';
  if (!('PushManager' in window) || !('serviceWorker' in navigator) || !('Notification' in window))
    return isApplePhone() && !isInstalled.value ? 'install' : 'unsupported';
  return Notification.permission === 'denied' ? 'denied' : null;
}

export async function loadNotify(signal?: AbortSignal): Promise<NotifySelf> {
  const self = await read(isSelf, agent.notify.$get({}, signal === undefined ? undefined : { init: { signal } }));
  notifySelf.value = self;
  return self;
}

/** The browser said no: the person did, or a rule of the system. */
export class NotAllowed extends Error {}

/**
 * Has this browser be told. To be called in a press: browsers ask their person then only.
 * @param name of the device, for the list. @throws NotAllowed, ToruError.
 */
export async function turnOn(name: string): Promise<NotifyDevice> {
  if ((await Notification.requestPermission()) !== 'granted') throw new NotAllowed();
  const { public_key } = notifySelf.peek() ?? (await loadNotify());
  const registration = await navigator.serviceWorker.ready;
  const subscription = await subscribe(registration.pushManager, public_key);
  const { endpoint, keys } = subscription.toJSON();
  const json = {
    endpoint: endpoint ?? '',
    keys: { p256dh: keys?.['p256dh'] ?? '', auth: keys?.['auth'] ?? '' },
    origin: location.origin,
    name,
    language: document.documentElement.lang,
  };
  const device = await read(isDevice, agent.notify.devices.$post({ json }));
  put(device);
  return device;
}

/** A device is told no more. Of this one, the browser lets go as well. */
export async function turnOff(device: NotifyDevice): Promise<void> {
  await read(isAnything, agent.notify.devices[':id'].$delete({ param: { id: device.id } }));
  const self = notifySelf.peek();
  if (self !== null) notifySelf.value = { ...self, items: self.items.filter(({ id }) => id !== device.id) };
  if (device.current) await letGo();
}

/** Changes of a device. @throws ToruError. */
export async function change(id: string, json: DevicePatch): Promise<void> {
  put(await read(isDevice, agent.notify.devices[':id'].$patch({ param: { id }, json })));
}

export async function followAction(id: string, action: string, when: 'always' | 'failure' | 'never'): Promise<void> {
  put(await read(isDevice, agent.notify.devices[':id'].actions[':action'].$put({ param: { id, action }, json: { when } })));
}

export async function tellOfRun(id: string, task: string, tell: boolean): Promise<void> {
  put(await read(isDevice, agent.notify.devices[':id'].runs[':task'].$put({ param: { id, task }, json: { tell } })));
}

/** @throws ToruError not_delivered with the reason. */
export async function sendTest(id: string): Promise<void> {
  await read(isAnything, agent.notify.devices[':id'].test.$post({ param: { id } }));
}

function put(device: NotifyDevice): void {
  const self = notifySelf.peek();
  if (self === null) return;
  const others = self.items.filter(({ id }) => id !== device.id);
  notifySelf.value = { ...self, items: device.current ? [device, ...others] : [...others, device] };
}

/** One that was made for another host's key is of no use here. */
async function subscribe(push: PushManager, publicKey: string): Promise<PushSubscription> {
  const options = { userVisibleOnly: true, applicationServerKey: publicKey };
  const before = await push.getSubscription();
  if (before !== null && keyOf(before) === publicKey) return before;
  await before?.unsubscribe();
  return push.subscribe(options);
}

function keyOf({ options }: PushSubscription): string {
  const bytes = new Uint8Array(options.applicationServerKey ?? new ArrayBuffer(0));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

async function letGo(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  await (await registration?.pushManager.getSubscription())?.unsubscribe().catch(() => false);
}

/** An iPad says that it is a Mac, which has no touch screen. */
function isApplePhone(): boolean {
  return /iphone|ipad|ipod/i.test(navigator.userAgent) || (/macintosh/i.test(navigator.userAgent) && navigator.maxTouchPoints > 1);
}
