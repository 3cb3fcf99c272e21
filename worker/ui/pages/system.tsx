import { useSignal } from '@preact/signals';
import type { System } from '../../../shared/system.ts';
import { bytes, duration } from '../amounts.ts';
import { hostNow, minuteHand } from '../clock.ts';
import { hostPresence } from '../data/presence.ts';
import { Button } from '../parts/button.tsx';
import { Choice } from '../parts/choice.tsx';
import { Loading, Problem } from '../parts/empty.tsx';
import { Facts } from '../parts/facts.tsx';
import { Meter } from '../parts/meter.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Section } from '../parts/section.tsx';
import { shortTime } from '../time.ts';
import { plural, t } from '../translate.ts';
import { useDay } from './system/day-samples.ts';
import { useLiveSystem } from './system/live-system.ts';
import { Load } from './system/load.tsx';
import { Processes } from './system/processes.tsx';
import './system.css';

/** How the host is: its load as it goes, its disks, and what it is. */
export function Page() {
  const { system, samples, at, problem, reload } = useLiveSystem();
  const away = hostPresence.value.kind !== 'online' && hostPresence.value.kind !== 'unknown';
  const now = samples.at(-1) ?? system?.sample;
  const span = useSignal<'minutes' | 'day'>('minutes');
  const day = useDay(span.value === 'day');
  return (
    <div class="narrow system">
      <PageHead
        title={system?.host_name ?? t('System')}
        tab={t('System')}
        {...(system === null
          ? {}
          : { lead: t('{distro}, up for {uptime_s}', { distro: system.distro, uptime_s: upFor(system.uptime_s, at) }) })}
      />
      {problem !== null && !(away && system !== null) && (
        <Problem message={problem} action={<Button onClick={() => void reload()}>{t('Try again')}</Button>} />
      )}
      {system === null && problem === null && <Loading what={t('the host’s load')} rows={5} />}
      {system !== null && now !== undefined && (
        <>
          {away && (
            <p class="as-of" role="status">
              {t('As it was at {time}. It goes on by itself when the host is back.', { time: shortTime(Date.parse(now.time), hostNow()) })}
            </p>
          )}
          <Choice
            label={t('Over')}
            options={[
              { value: 'minutes', label: t('Five minutes') },
              { value: 'day', label: t('A day') },
            ]}
            value={span.value}
            onValue={(value) => {
              span.value = value;
            }}
          />
          <Load samples={span.value === 'day' ? (day ?? []) : samples} now={now} cores={system.cores} stale={away} span={span.value} />
          <Disks disks={system.disks} />
          <Processes />
          <div class="system-facts">
            <HostFacts system={system} />
            <AgentFacts system={system} at={at} />
          </div>
        </>
      )}
    </div>
  );
}

function Disks(props: { disks: System['disks'] }) {
  return (
    <Section title={t('Disks')}>
      {props.disks.length === 0 ? (
        <p class="muted">{t('This host does not say which disks it has.')}</p>
      ) : (
        <ul class="disks">
          {props.disks.map((disk) => {
            const percent = disk.size === 0 ? 0 : (100 * disk.used) / disk.size;
            const free = t('{max} free of {size}', { max: bytes(Math.max(0, disk.size - disk.used)), size: bytes(disk.size) });
            return (
              <li key={disk.mount} class="disk">
                <span class="disk-mount">{disk.mount}</span>
                <span class="disk-free">{free}</span>
                <Meter
                  label={t('{mount}, used', { mount: disk.mount })}
                  value={percent}
                  text={t('{percent} % used, {free}', { percent: Math.round(percent), free })}
                />
              </li>
            );
          })}
        </ul>
      )}
    </Section>
  );
}

function HostFacts({ system }: { system: System }) {
  return (
    <Section title={t('Host')}>
      <Facts
        facts={[
          [t('System'), `${system.distro} (${system.platform})`],
          [t('Kernel'), system.kernel],
          [t('Processor'), `${system.cpu_model}, ${plural(system.cores, 'one core', '{count} cores')}`],
          [t('Memory'), bytes(system.sample.memory_total)],
        ]}
      />
    </Section>
  );
}

function AgentFacts({ system, at }: { system: System; at: number }) {
  const { agent } = system;
  return (
    <Section title={t('Agent')}>
      <Facts
        facts={[
          [t('Version'), agent.version],
          [t('Up for'), upFor(agent.uptime_s, at)],
          [t('Memory'), bytes(agent.memory)],
          [t('Process'), String(agent.pid)],
          [t('Node.js'), agent.node],
        ]}
      />
    </Section>
  );
}

/** @param seconds what it was when it was read, `at` milliseconds. */
function upFor(seconds: number, at: number): string {
  return duration(seconds * 1000 + Math.max(0, minuteHand.value - at));
}
