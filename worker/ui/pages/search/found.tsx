import type { FoundField, FoundPlace } from '../../../../shared/search.ts';
import { me } from '../../own-session.ts';
import { Button } from '../../parts/button.tsx';
import { StateMark } from '../../parts/state-mark.tsx';
import { When } from '../../parts/when.tsx';
import { msg, t } from '../../translate.ts';
import { Marked, PlaceLines } from './place-lines.tsx';
import type { FoundRun } from './search-progress.ts';

const FIELDS: Record<FoundField['name'], string> = {
  label: msg('Name'),
  script: msg('Script'),
  action: msg('Action'),
  user: msg('User'),
  inputs: msg('Input'),
  args: msg('Arguments'),
  note: msg('Note'),
};

/** A run and what was found in it. */
export function Found(props: { found: FoundRun; busy: boolean; onMore: () => void }) {
  const { run, fields, places, more } = props.found;
  const label = fields.find((field) => field.name === 'label');
  return (
    <li class="found">
      <a class="found-run" href={`/runs/${run.task_id}`}>
        <strong class="cut" dir="auto">
          {label === undefined ? run.label : <Marked text={label.text} marks={label.marks} />}
        </strong>
        <StateMark run={run} />
        <span class="muted small end">
          {run.user_id === me.value?.user.id ? '' : `${run.user}, `}
          <When at={run.created_at} />
        </span>
      </a>
      {fields.some((field) => field.name !== 'label') && (
        <dl class="found-fields">
          {fields
            .filter((field) => field.name !== 'label')
            .map((field, index) => (
              <div key={index}>
                <dt>{t(FIELDS[field.name])}</dt>
                <dd>
                  <Marked text={field.text} marks={field.marks} />
                </dd>
              </div>
            ))}
        </dl>
      )}
      {places.map((place) => (
        <Place key={place.cursor} place={place} taskId={run.task_id} />
      ))}
      {more !== null && (
        <Button kind="ghost" small busy={props.busy} onClick={props.onMore}>
          {t('More in this run')}
        </Button>
      )}
    </li>
  );
}

function Place({ place, taskId }: { place: FoundPlace; taskId: string }) {
  return (
    <a class={`found-place${place.stream === 'stderr' ? ' found-stderr' : ''}`} href={`/runs/${taskId}?at=${place.cursor}`}>
      <PlaceLines place={place} />
    </a>
  );
}
