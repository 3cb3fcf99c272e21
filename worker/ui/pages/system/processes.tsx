import { useEffect } from 'preact/hooks';
import type { SystemProcess } from '../../../../shared/system.ts';
import { bytes, decimal } from '../../amounts.ts';
import { agent, read, until } from '../../api.ts';
import { connection } from '../../connection/page-connection.ts';
import { useResource } from '../../data/resource.ts';
import { listOf, number, shape, text } from '../../guards.ts';
import { Section } from '../../parts/section.tsx';
import { t } from '../../translate.ts';

const isProcess = shape<SystemProcess>({ pid: number, name: text, cpu: number, memory: number });
const EVERY_MS = 5000;

/** What takes most of the processor and the memory, looked at again while the page is in view. */
export function Processes() {
  const processes = useResource((signal) => read(listOf(isProcess), agent.system.processes.$get(undefined, until(signal))));
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden && connection.host.peek()?.online !== false) void processes.reload();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <Section title={t('Processes')} help={t('Those that take most of the processor or the memory.')}>
      <table class="processes">
        <thead>
          <tr>
            <th scope="col">{t('Name')}</th>
            <th scope="col" class="processes-number">
              {t('Processor')}
            </th>
            <th scope="col" class="processes-number">
              {t('Memory')}
            </th>
            <th scope="col" class="processes-number processes-pid">
              {t('Process')}
            </th>
          </tr>
        </thead>
        <tbody>
          {(processes.data?.items ?? []).map((one) => (
            <tr key={one.pid}>
              <td class="mono">{one.name}</td>
              <td class="processes-number">{decimal(one.cpu, 1)} %</td>
              <td class="processes-number">{bytes(one.memory)}</td>
              <td class="processes-number processes-pid">{one.pid}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {processes.data === null && <p class="muted">{processes.problem ?? t('Looking…')}</p>}
    </Section>
  );
}
