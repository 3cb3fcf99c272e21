import { useSignal } from '@preact/signals';
import type { NumberName } from '../../../shared/number-settings.ts';
import { NUMBER_NAMES, NUMBER_SETTINGS } from '../../../shared/number-settings.ts';
import type { Settings } from '../../../shared/settings.ts';
import { agent, read, until } from '../api.ts';
import { isSettings } from '../data/known-settings.ts';
import { loadHost } from '../data/presence.ts';
import { useResource } from '../data/resource.ts';
import { targetsOfHost } from '../data/targets.ts';
import { type Wrong, wrongOf } from '../data/wrong-fields.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Loading, Problem } from '../parts/empty.tsx';
import { Facts } from '../parts/facts.tsx';
import { Field } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Section } from '../parts/section.tsx';
import { TextField } from '../parts/text-field.tsx';
import { toast } from '../toasts.ts';
import { msg, t } from '../translate.ts';
import { useUnsaved } from '../unsaved.ts';
import { TellOthers } from './notifications/tell-others.tsx';
import { NamesField, tagProblem, variableProblem } from './settings/names-field.tsx';
import { type Draft, draftOf, patchOf, problemsOf } from './settings/settings-draft.ts';
import { StoredSecrets } from './settings/stored-secrets.tsx';
import './settings.css';

const FIELDS = ['host_name', 'scripts_dir', 'when_output_full', 'env_allow', 'tags', ...NUMBER_NAMES];

const WHEN_CROSSED = [
  { value: 'always', label: msg('Then, and when it is over') },
  { value: 'failure', label: msg('Then') },
  { value: 'never', label: msg('Never') },
] as const;

/** The settings of the host, for its owner. */
export function Page() {
  const settings = useResource((signal) => read(isSettings, agent.settings.$get(undefined, until(signal))));
  return (
    <div class="narrow">
      <PageHead title={t('Settings')} />
      {settings.problem !== null && (
        <Problem message={settings.problem} action={<Button onClick={() => void settings.reload()}>{t('Try again')}</Button>} />
      )}
      {settings.data === null && settings.problem === null && <Loading what={t('the settings')} />}
      {settings.data !== null && (
        <>
          <SettingsForm settings={settings.data} onSaved={settings.set} />
          <StoredSecrets />
          <TellOthers
            title={t('When the host is full or busy, tell')}
            help={t('The host sends which value was crossed, and its own name. Saved by their own buttons.')}
            targets={targetsOfHost}
            when={WHEN_CROSSED}
          />
        </>
      )}
    </div>
  );
}

function SettingsForm({ settings, onSaved }: { settings: Settings; onSaved: (settings: Settings) => void }) {
  /** Null while nothing was touched: then the form shows what the host says. */
  const touched = useSignal<Draft | null>(null);
  const wrong = useSignal<Wrong>({});
  const busy = useSignal(false);
  const draft = touched.value ?? draftOf(settings);
  const dirty = touched.value !== null && Object.keys(patchOf(touched.value, settings)).length > 0;

  useUnsaved(dirty);

  function edit(change: Partial<Draft>): void {
    touched.value = { ...draft, ...change };
    wrong.value = Object.fromEntries(Object.entries(wrong.value).filter(([field]) => !(field in change)));
  }

  async function save(): Promise<void> {
    if (busy.value || !dirty) return;
    wrong.value = problemsOf(draft);
    if (Object.keys(wrong.value).length > 0) return;
    busy.value = true;
    try {
      onSaved(await read(isSettings, agent.settings.$put({ json: patchOf(draft, settings) })));
      touched.value = null;
      toast(t('Saved.'), 'ok');
      loadHost().catch(() => undefined);
    } catch (error) {
      wrong.value = wrongOf(error, FIELDS);
    } finally {
      busy.value = false;
    }
  }

  const number = (name: NumberName) => <NumberField key={name} name={name} draft={draft} error={wrong.value[name]} onEdit={edit} />;

  return (
    <Form class="form" noValidate onSubmit={save}>
      <Section title={t('Host')}>
        <div class="form-part">
          <TextField
            label={t('Name')}
            help={t('What the page and your phone call this machine.')}
            maxLength={80}
            autocomplete="off"
            value={draft.host_name}
            error={wrong.value['host_name']}
            onValue={(host_name) => edit({ host_name })}
          />
          <Facts
            facts={[
              [
                t('Instance id'),
                <span key="id" class="settings-copy">
                  <span class="mono">{settings.instance_id}</span>
                  <CopyButton text={settings.instance_id} label={t('Copy the instance id')} />
                </span>,
              ],
              [t('Version'), settings.version],
            ]}
          />
        </div>
      </Section>
      <Section title={t('Scripts')}>
        <div class="form-part">
          <TextField
            label={t('Folder')}
            help={
              settings.scripts_dir_fixed
                ? t('TORU_SCRIPTS_DIR or config.toml decides this. Change it there, and restart the agent.')
                : t('An absolute path on the host. Only what lies in it, and may be executed, can be run.')
            }
            disabled={settings.scripts_dir_fixed}
            autocomplete="off"
            autocapitalize="none"
            mono
            value={draft.scripts_dir}
            error={wrong.value['scripts_dir']}
            onValue={(scripts_dir) => edit({ scripts_dir })}
          />
          <NamesField
            label={t('Variables that scripts may see')}
            help={t(
              'Scripts get a small environment: PATH, HOME and a few more. Name others of the agent’s own environment to pass them on.',
            )}
            names={draft.env_allow}
            placeholder="LANG"
            problemOf={variableProblem}
            error={wrong.value['env_allow']}
            onChange={(env_allow) => edit({ env_allow })}
          />
        </div>
      </Section>
      <Section title={t('History')}>
        <div class="form-part">
          {(['keep_days', 'keep_runs', 'keep_mb', 'output_limit_mb'] as const).map(number)}
          <Field label={t('When a run prints more than that')} error={wrong.value['when_output_full']}>
            {(ties) => (
              <select
                {...ties}
                class="select"
                value={draft.when_output_full}
                onChange={(event) => edit({ when_output_full: event.currentTarget.value === 'halt' ? 'halt' : 'truncate' })}
              >
                <option value="truncate">{t('It goes on, and the rest is not kept')}</option>
                <option value="halt">{t('It is stopped')}</option>
              </select>
            )}
          </Field>
          {number('compress_after_minutes')}
          {number('max_steps')}
          {number('poll_interval_s')}
          {number('token_rotation_days')}
          <NamesField
            label={t('Tags')}
            help={t('A step of a workflow that names one under “tags” runs on hosts that have it. Found here: {found}.', {
              found: settings.tags_found.join(', '),
            })}
            names={draft.tags}
            placeholder="gpu"
            problemOf={tagProblem}
            error={wrong.value['tags']}
            onChange={(tags) => edit({ tags })}
          />
        </div>
      </Section>
      <Section
        title={t('Watching the host')}
        help={t('A value that is crossed stands in the audit. Which of your devices are told of it, you choose under Account.')}
      >
        <div class="form-part">{(['alert_disk_percent', 'alert_memory_percent', 'alert_cpu_percent'] as const).map(number)}</div>
      </Section>
      {wrong.value['form'] !== undefined && <Problem message={wrong.value['form']} />}
      {dirty && (
        <div class="save-bar">
          <p role="status">{t('Not saved yet')}</p>
          <Button
            kind="ghost"
            disabled={busy.value}
            onClick={() => {
              touched.value = null;
              wrong.value = {};
            }}
          >
            {t('Discard')}
          </Button>
          <Button kind="primary" type="submit" busy={busy.value}>
            {busy.value ? t('Saving…') : t('Save')}
          </Button>
        </div>
      )}
    </Form>
  );
}

interface NumberFieldProps {
  name: NumberName;
  draft: Draft;
  error: string | undefined;
  onEdit: (change: Partial<Draft>) => void;
}

function NumberField({ name, draft, error, onEdit }: NumberFieldProps) {
  const { label, help, unit } = NUMBER_SETTINGS[name];
  const keepsAll = name === 'keep_days' && draft[name].trim() === '0';
  return (
    <Field label={t(label)} help={keepsAll ? t('They are kept for ever: look at the disk now and then.') : t(help)} error={error}>
      {(ties) => (
        <div class="number">
          <input
            {...ties}
            class="input"
            inputMode="numeric"
            autocomplete="off"
            value={draft[name]}
            onInput={(event) => onEdit({ [name]: event.currentTarget.value })}
          />
          <span>{t(unit)}</span>
        </div>
      )}
    </Field>
  );
}
