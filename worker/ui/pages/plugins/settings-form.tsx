import { useSignal } from '@preact/signals';
import type { PluginDetails, PluginSetting } from '../../../../shared/plugins.ts';
import { setPluginSettings } from '../../data/known-plugins.ts';
import { useSubmit } from '../../data/submit.ts';
import { Button } from '../../parts/button.tsx';
import { Problem } from '../../parts/empty.tsx';
import { Field, Switch } from '../../parts/field.tsx';
import { Form } from '../../parts/form.tsx';
import { Section } from '../../parts/section.tsx';
import { TextField } from '../../parts/text-field.tsx';
import { toast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import { useUnsaved } from '../../unsaved.ts';

type Value = string | number | boolean | null;

/** The form that a manifest's `settings` make. What is saved reaches the plugin at once. */
export function PluginSettings(props: {
  plugin: PluginDetails;
  settings: readonly PluginSetting[];
  onSaved: (plugin: PluginDetails) => void;
}) {
  const { plugin, settings } = props;
  const touched = useSignal<Record<string, Value>>({});
  const dirty = Object.keys(touched.value).length > 0;
  useUnsaved(dirty);

  async function save(): Promise<void> {
    if (!dirty) return;
    props.onSaved(await setPluginSettings(plugin.id, touched.value));
    touched.value = {};
    toast(t('Saved.'), 'ok');
  }
  const { busy, wrong, submit } = useSubmit(save, { fields: settings.map(({ name }) => name) });

  return (
    <Section title={t('Settings')}>
      <Form class="form-part" noValidate onSubmit={submit}>
        {wrong['form'] !== undefined && <Problem message={wrong['form']} />}
        {settings.map((setting) => (
          <SettingField
            key={setting.name}
            setting={setting}
            value={setting.name in touched.value ? touched.value[setting.name] : plugin.settings[setting.name]}
            error={wrong[setting.name]}
            onValue={(value) => {
              touched.value = { ...touched.value, [setting.name]: value };
            }}
          />
        ))}
        <Button kind="primary" type="submit" busy={busy} disabled={!dirty}>
          {busy ? t('Saving…') : t('Save')}
        </Button>
      </Form>
    </Section>
  );
}

function SettingField(props: {
  setting: PluginSetting;
  value: Value | undefined;
  error: string | undefined;
  onValue: (value: Value) => void;
}) {
  const { setting, value, error, onValue } = props;
  const field = { label: setting.label, help: setting.help, error };
  switch (setting.type) {
    case 'boolean':
      return <Switch label={setting.label} help={setting.help} checked={value === true} onChange={onValue} />;
    case 'choice':
      return (
        <Field {...field}>
          {(ties) => (
            <select {...ties} class="select" value={String(value ?? '')} onChange={(event) => onValue(event.currentTarget.value)}>
              {value == null && <option value="">{t('Choose…')}</option>}
              {setting.options.map((option) => (
                <option key={option.value} value={option.value}>
                  {option.label ?? option.value}
                </option>
              ))}
            </select>
          )}
        </Field>
      );
    case 'number':
      return (
        <Field {...field}>
          {(ties) => (
            <input
              {...ties}
              class="input"
              type="number"
              step="any"
              min={setting.min}
              max={setting.max}
              value={typeof value === 'number' ? value : ''}
              onInput={({ currentTarget }) => onValue(Number.isNaN(currentTarget.valueAsNumber) ? null : currentTarget.valueAsNumber)}
            />
          )}
        </Field>
      );
    case 'text':
    case 'secret': {
      const secret = setting.type === 'secret';
      return (
        <TextField
          {...field}
          type={secret ? 'password' : 'text'}
          maxLength={setting.max_length}
          placeholder={secret && value === true ? t('Set. Type to replace it.') : ''}
          value={typeof value === 'string' ? value : ''}
          onValue={(text) => onValue(text === '' ? null : text)}
        />
      );
    }
    default:
      return setting satisfies never;
  }
}
