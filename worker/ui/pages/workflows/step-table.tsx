import type { TaskStep } from '../../../../shared/workflows.ts';
import { duration } from '../../amounts.ts';
import { t } from '../../translate.ts';
import './step-table.css';

/** The steps of a task with how long they take: half of the times, and 95 of 100. */
export function StepTable({ flow }: { flow: readonly TaskStep[] }) {
  const titles = new Map(flow.map(({ name, title }) => [name, title]));
  const timed = flow.some(({ p50_ms }) => p50_ms !== null);
  return (
    <div class="step-table">
      <table>
        <thead>
          <tr>
            <th scope="col">{t('Step')}</th>
            <th scope="col">{t('After')}</th>
            {timed && (
              <>
                <th scope="col" title={t('p50: the median')}>
                  p50
                </th>
                <th scope="col" title={t('p95: 95 of 100')}>
                  p95
                </th>
              </>
            )}
          </tr>
        </thead>
        <tbody>
          {flow.map((step) => (
            <tr key={step.name}>
              <th scope="row">
                <span dir="auto">{step.title}</span>
                {step.description !== '' && (
                  <span class="step-table-more" dir="auto">
                    {step.description}
                  </span>
                )}
                {step.library !== null && <span class="step-table-more">{t('from the library {name}', { name: step.library })}</span>}
                {step.when !== null && <code class="step-table-more">{step.when}</code>}
              </th>
              <td dir="auto">{step.depends_on.map((name) => titles.get(name) ?? name).join(', ')}</td>
              {timed && (
                <>
                  <td>{step.p50_ms === null ? '–' : duration(step.p50_ms)}</td>
                  <td>{step.p95_ms === null ? '–' : duration(step.p95_ms)}</td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
