import { useSignal } from '@preact/signals';
import { KeyRound, X } from 'lucide-preact';
import type { MadeInvite } from '../../../../shared/pairing.ts';
import { sentence } from '../../api.ts';
import { listInvites, makeInvite, removeInvite } from '../../data/known-members.ts';
import { useResource } from '../../data/resource.ts';
import { useSubmit } from '../../data/submit.ts';
import { bound, setTo } from '../../parts/bound.ts';
import { Button } from '../../parts/button.tsx';
import { Choice } from '../../parts/choice.tsx';
import { Problem } from '../../parts/empty.tsx';
import { Form } from '../../parts/form.tsx';
import { Line, Listing } from '../../parts/listing.tsx';
import { Section } from '../../parts/section.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { TextField } from '../../parts/text-field.tsx';
import { When } from '../../parts/when.tsx';
import { rich } from '../../rich.ts';
import { toast } from '../../toasts.ts';
import { msg, t } from '../../translate.ts';
import { CommandLine } from './add-host.tsx';

/** For a machine at which nobody sits: a token lets it in once, without words. */
export function Invites() {
  const list = useResource(listInvites);
  const making = useSignal(false);
  const open = list.data ?? [];
  async function remove(id: string): Promise<void> {
    try {
      await removeInvite(id);
    } catch (error) {
      toast(sentence(error), 'bad');
    }
    await list.reload();
  }
  return (
    <Section
      title={t('Invites')}
      help={t('For a machine without a screen: a token lets it in once, under one name, without anybody looking on.')}
      flush={open.length > 0}
      acts={
        <Button icon={<KeyRound size={18} aria-hidden="true" />} onClick={setTo(making, true)}>
          {t('Make an invite')}
        </Button>
      }
    >
      {list.problem !== null && <Problem message={list.problem} />}
      {list.data !== null && open.length === 0 && <p class="muted">{t('No invite is open.')}</p>}
      {open.length > 0 && (
        <Listing label={t('Invites')}>
          {open.map((invite) => (
            <Line
              key={invite.id}
              title={invite.name}
              acts={
                <Button
                  kind="ghost"
                  aria-label={t('Withdraw the invite for {name}', { name: invite.name })}
                  icon={<X size={18} aria-hidden="true" />}
                  onClick={() => void remove(invite.id)}
                />
              }
            >
              {rich('runs out {when}', { when: <When at={invite.expires_at} /> })}
            </Line>
          ))}
        </Listing>
      )}
      {making.value && <MakeInvite onMade={() => void list.reload()} onClose={setTo(making, false)} />}
    </Section>
  );
}

const LIVES = [
  { value: '10', label: msg('10 minutes') },
  { value: '60', label: msg('1 hour') },
  { value: '1440', label: msg('1 day') },
] as const;

function MakeInvite(props: { onMade: () => void; onClose: () => void }) {
  const name = useSignal('');
  const minutes = useSignal<(typeof LIVES)[number]['value']>('60');
  const made = useSignal<MadeInvite | null>(null);
  const { busy, wrong, submit } = useSubmit(
    async () => {
      made.value = await makeInvite(name.peek().trim(), Number(minutes.peek()));
      props.onMade();
    },
    { fields: ['name'], check: () => (name.peek().trim() === '' ? { name: t('Give the host a name.') } : {}), leaves: true },
  );
  if (made.value !== null) return <Token invite={made.value} onClose={props.onClose} />;
  return (
    <Sheet title={t('Make an invite')} unsaved={name.value !== ''} onClose={props.onClose}>
      <Form class="stack" noValidate onSubmit={submit}>
        {wrong['form'] !== undefined && <Problem message={wrong['form']} />}
        <TextField
          label={t('Name of the host')}
          help={t('It comes in under this name alone.')}
          maxLength={80}
          {...bound(name)}
          error={wrong['name']}
        />
        <Choice label={t('Good for')} options={LIVES} {...bound(minutes)} />
        <SheetButtons>
          <Button onClick={props.onClose}>{t('Cancel')}</Button>
          <Button kind="primary" type="submit" busy={busy}>
            {t('Make it')}
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}

function Token({ invite, onClose }: { invite: MadeInvite; onClose: () => void }) {
  return (
    <Sheet title={t('The invite for {name}', { name: invite.name })} onClose={onClose}>
      <p class="muted">
        {t('Whoever has this token can come in once as {name}. It is shown now, and never again.', { name: invite.name })}
      </p>
      <CommandLine line={invite.token} />
      <p>{t('Put it into a file on the machine that only its user may read, then type there:')}</p>
      <CommandLine line={`toru up ${location.origin} --token-file FILE`} />
      <SheetButtons>
        <Button kind="primary" onClick={onClose}>
          {t('Done')}
        </Button>
      </SheetButtons>
    </Sheet>
  );
}
