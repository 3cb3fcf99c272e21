import { useSignal } from '@preact/signals';
import type { System } from '../../../shared/system.ts';
import { hostNow, minuteHand } from '../clock.ts';
import { hostPresence } from '../data/presence.ts';
import { Button } from '../parts/button.tsx';
import { Choice } from '../parts/choice.tsx';
import { Loading, Problem } from '../parts/empty.tsx';
import { Facts } from '../parts/facts.tsx';
import { Meter } from '../parts/meter.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Section } from '../parts/section.tsx';
import { bytes, duration, shortTime } from '../time.ts';
import { useDay } from './system/day-samples.ts';
import { useLiveSystem } from './system/live-system.ts';
import { Load } from './system/load.tsx';
import { Processes } from './system/processes.tsx';
import './system.css';

/** How the host is: its load as it goes, its disks, and what it is. */
export function SystemPage() {
  const { system, samples, at, problem, reload } = useLiveSystem();
  const away = hostPresence.value.kind !== 'online' && hostPresence.value.kind !== 'unknown';
  const now = samples.at(-1) ?? system?.sample;
  const span = useSignal<'minutes' | 'day'>('minutes');
  const day = useDay(span.value === 'day');
  return (
    <div class="narrow system">
      <PageHead
        title={system?.host_name ?? 'System'}
        tab="System"
        {...(system === null ? {} : { lead: `${system.distro}, up for ${upFor(system.uptime_s, at)}` })}
      />
      {problem !== null && !(away && system !== null) && (
        <Problem message={problem} action={<Button onClick={() => void reload()}>Try again</Button>} />
      )}
      {system === null && problem === null && <Loading what="the host’s load" rows={5} />}
      {system !== null && now !== undefined && (
        <>
          {away && (
            <p class="as-of" role="status">
              As it was at {shortTime(Date.parse(now.time), hostNow())}. It goes on by itself when the host is back.
            </p>
          )}
          <Choice
            label="Over"
            options={[
              { value: 'minutes', label: 'Five minutes' },
              { value: 'day', label: 'A day' },
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
    <Section title="Disks">
      {props.disks.length === 0 ? (
        <p class="muted">This host does not say which disks it has.</p>
      ) : (
        <ul class="disks">
          {props.disks.map((disk) => {
            const percent = disk.size === 0 ? 0 : (100 * disk.used) / disk.size;
            const free = `${bytes(Math.max(0, disk.size - disk.used))} free of ${bytes(disk.size)}`;
            return (
              <li key={disk.mount} class="disk">
                <span class="disk-mount">{disk.mount}</span>
                <span class="disk-free">{free}</span>
                <Meter label={`${disk.mount}, used`} value={percent} text={`${Math.round(percent)} % used, ${free}`} />
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
    <Section title="Host">
      <Facts
        facts={[
          ['System', `${system.distro} (${system.platform})`],
          ['Kernel', system.kernel],
          ['Processor', `${system.cpu_model}, ${system.cores === 1 ? 'one core' : `${system.cores} cores`}`],
          ['Memory', bytes(system.sample.memory_total)],
        ]}
      />
    </Section>
  );
}

function AgentFacts({ system, at }: { system: System; at: number }) {
  const { agent } = system;
  return (
    <Section title="Agent">
      <Facts
        facts={[
          ['Version', agent.version],
          ['Up for', upFor(agent.uptime_s, at)],
          ['Memory', bytes(agent.memory)],
          ['Process', String(agent.pid)],
          ['Node.js', agent.node],
        ]}
      />
    </Section>
  );
}

/** @param seconds what it was when it was read, `at` milliseconds. */
function upFor(seconds: number, at: number): string {
  return duration(seconds * 1000 + Math.max(0, minuteHand.value - at));
}
