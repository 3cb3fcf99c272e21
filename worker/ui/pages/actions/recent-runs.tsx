import { useEffect } from 'preact/hooks';
import { connection } from '../../connection/page-connection.ts';
import { useResource } from '../../data/resource.ts';
import { listRuns } from '../../data/run-calls.ts';
import { runPath } from '../../navigation.ts';
import { ButtonLink } from '../../parts/button.tsx';
import { Line, Listing } from '../../parts/listing.tsx';
import { Section } from '../../parts/section.tsx';
import { StateMark } from '../../parts/state-mark.tsx';
import { When } from '../../parts/when.tsx';
import { t } from '../../translate.ts';

const SHOWN = 8;
const AFTER_NEWS_MS = 500;
const ENDED = 'succeeded,failed,timed_out,interrupted,cancelled,refused';

/** The last runs that ended, each with the last line that it printed. */
export function RecentRuns() {
  const runs = useResource((signal) => listRuns({ result: ENDED, limit: String(SHOWN), last_line: 'true' }, signal));
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = connection.onRun((news) => {
      if (news.ended_at === null) return;
      clearTimeout(timer);
      timer = setTimeout(runs.again, AFTER_NEWS_MS);
    }, runs.again);
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, []);
  const items = runs.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Section
      title={t('Last runs')}
      flush
      acts={
        <ButtonLink small kind="ghost" href="/runs">
          {t('All')}
        </ButtonLink>
      }
    >
      <Listing label={t('Last runs')}>
        {items.map((run) => (
          <Line
            key={run.task_id}
            href={runPath(run.task_id)}
            lead={<StateMark run={run} bare />}
            title={<span dir="auto">{run.label}</span>}
            aside={<When at={run.ended_at ?? run.created_at} narrow />}
          >
            <bdi class="last-line cut">{run.last_line ?? ''}</bdi>
          </Line>
        ))}
      </Listing>
    </Section>
  );
}
