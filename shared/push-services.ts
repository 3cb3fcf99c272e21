/**
 * The services that deliver Web Push, by host name; `*.` stands for one or more labels. A subscription names an address of its
 * service, which a browser chose and a person could forge: whoever sends asks here first, on the host and at the edge.
 */
const PUSH_SERVICES: readonly string[] = [
  // Chrome, Edge on Android, Opera, Brave, Samsung Internet.
  'fcm.googleapis.com',
  // Firefox.
  '*.push.services.mozilla.com',
  // Safari, and every browser of iOS.
  '*.push.apple.com',
  // Edge on Windows.
  '*.notify.windows.com',
];

/**
 * May something be sent there: https, a listed service, its usual port, no name or password in the address?
 * @param testOrigin one origin more, for tests (TORU_TEST_PUSH_ORIGIN); null on every real host.
 */
export function isPushService(endpoint: string, testOrigin: string | null = null): boolean {
  if (!URL.canParse(endpoint)) return false;
  const { protocol, hostname, port, username, password, origin } = new URL(endpoint);
  if (username !== '' || password !== '') return false;
  if (testOrigin !== null && origin === testOrigin) return true;
  return protocol === 'https:' && port === '' && PUSH_SERVICES.some((service) => serves(service, hostname));
}

function serves(service: string, hostname: string): boolean {
  return service.startsWith('*.') ? hostname.endsWith(service.slice(1)) && hostname.length >= service.length : hostname === service;
}
