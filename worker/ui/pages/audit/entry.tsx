import { Ban, ChevronDown, Cog, KeyRound, type LucideIcon, Play, RotateCw, Square, SquareStack, UserRound } from 'lucide-preact';
import type { AuditEntry } from '../../../../shared/audit.ts';
import { Facts } from '../../parts/facts.tsx';
import { filled } from '../../rich.ts';
import { fullTime, timeOfDay } from '../../time.ts';
import { fromServer, msg, t } from '../../translate.ts';
import { deviceOf, placeOf } from '../account/device.ts';
import { describeEntry } from './describe-entry.ts';

const SIGNS: readonly (readonly [beginning: string, icon: LucideIcon])[] = [
  ['run.cancel', Square],
  ['run', Play],
  ['action', SquareStack],
  ['user', UserRound],
  ['settings', Cog],
  ['agent', RotateCw],
  ['', KeyRound],
];

/** One entry: a sentence that opens to everything the host wrote down. */
export function Entry({ entry }: { entry: AuditEntry }) {
  const { who, text, what, rest } = describeEntry(entry);
  const refused = entry.outcome === 'refused';
  const Icon = refused ? Ban : (SIGNS.find(([beginning]) => entry.event.startsWith(beginning))?.[1] ?? KeyRound);
  return (
    <li>
      <details class={`audit-entry${refused ? ' audit-entry-refused' : ''}`}>
        <summary>
          <Icon class="audit-entry-sign" size={18} strokeWidth={1.8} aria-hidden="true" />
          <span class="audit-entry-text">
            {filled(text, { who: <strong dir="auto">{who}</strong>, what: what && <strong dir="auto">{what.text}</strong> })}
            {rest !== undefined && ` ${rest}`}
          </span>
          <time class="audit-entry-time" dateTime={entry.time} title={fullTime(Date.parse(entry.time))}>
            {timeOfDay(Date.parse(entry.time))}
          </time>
          <ChevronDown class="audit-entry-arrow" size={16} aria-hidden="true" />
        </summary>
        <div class="audit-entry-more">
          <Facts facts={factsOf(entry)} />
          {what?.href !== undefined && (
            <p>
              <a class="audit-entry-open" href={what.href}>
                {t('Open {text}', { text: what.text })}
              </a>
            </p>
          )}
        </div>
      </details>
    </li>
  );
}

function factsOf(entry: AuditEntry): [string, string][] {
  const detail = Object.entries(entry.detail).map(([key, value]): [string, string] =>
    key === 'user_agent' && typeof value === 'string'
      ? [t('Device'), `${deviceOf(value).name} (${value})`]
      : [nameOf(key), key === 'reason' && typeof value === 'string' ? fromServer('', value) : textOf(value)],
  );
  return [
    [t('When'), fullTime(Date.parse(entry.time))],
    [t('Event'), entry.event],
    ...(entry.outcome === 'refused' ? ([[t('Outcome'), t('Refused')]] satisfies [string, string][]) : []),
    ...(entry.address === null ? [] : ([[t('From'), placeOf(entry.address)]] satisfies [string, string][])),
    ...(entry.target === null ? [] : ([[t('Target'), entry.target]] satisfies [string, string][])),
    ...detail,
  ];
}

/** Names of details that many entries have. */
const DETAILS: Readonly<Record<string, string>> = {
  address: msg('Address'),
  before: msg('Before'),
  by: msg('By'),
  code: msg('Code'),
  created: msg('Added'),
  disabled: msg('Disabled'),
  for: msg('For'),
  kind: msg('Kind'),
  label: msg('Name'),
  messages: msg('Messages'),
  mount: msg('Disk'),
  password: msg('Password'),
  percent: msg('Percent'),
  reason: msg('Reason'),
  removed: msg('Removed'),
  repeated: msg('Repeated'),
  result: msg('Result'),
  revision: msg('Version'),
  role: msg('Role'),
  runs: msg('Runs'),
  script: msg('Script'),
  size: msg('Bytes'),
  sizes: msg('Sizes'),
  source: msg('From'),
  to: msg('To'),
  until: msg('Until'),
  user: msg('User'),
  username: msg('Username'),
  version: msg('Version'),
  what: msg('What'),
  when: msg('When'),
};

function nameOf(key: string): string {
  const text = key.replaceAll('_', ' ');
  return t(DETAILS[key] ?? text.charAt(0).toUpperCase() + text.slice(1));
}

/** A change reads `90 → 30`; what is nested otherwise is shown as it was written down. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null && 'from' in value && 'to' in value) return `${textOf(value.from)} → ${textOf(value.to)}`;
  if (Array.isArray(value)) return value.length === 0 ? t('none') : value.map(textOf).join(', ');
  if (typeof value === 'boolean') return value ? t('yes') : t('no');
  return JSON.stringify(value) ?? '';
}
