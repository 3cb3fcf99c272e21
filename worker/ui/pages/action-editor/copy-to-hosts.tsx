import { useSignal } from '@preact/signals';
import { agent, read, sentence } from '../../api.ts';
import { makeActionOn } from '../../data/each-host.ts';
import { host as here, hosts } from '../../data/presence.ts';
import { useHosts } from '../../data/watch-hosts.ts';
import { Button } from '../../parts/button.tsx';
import { CheckGroup } from '../../parts/check-group.tsx';
import { Form } from '../../parts/form.tsx';
import { hostWords } from '../../parts/host-state.tsx';
import { Line, Listing } from '../../parts/listing.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { isFullAction } from '../../place-guards.ts';
import { t } from '../../translate.ts';
import { bodyOf, draftOf } from './action-draft.ts';

/** An action as it was saved, on other hosts too: under the same id, so that it can be pressed on all of them. Scripts are compared, not copied. */
export function CopyToHosts({ id, onClose }: { id: string; onClose: () => void }) {
  useHosts();
  const others = hosts.value.filter((host) => host.id !== here.value?.id);
  const chosen = useSignal<readonly string[]>([]);
  const wrong = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  const came = useSignal<ReadonlyMap<string, string>>(new Map());

  async function copyTo(host: string, action: Awaited<ReturnType<typeof load>>): Promise<string> {
    try {
      const made = await makeActionOn(host, { ...bodyOf(draftOf(action)), id });
      if (made.problem !== null) return made.problem;
      return made.content_hash === action.content_hash
        ? t('Copied: it runs the same there.')
        : t('Copied, but another script stands there under that name.');
    } catch (error) {
      return sentence(error);
    }
  }
  const load = () => read(isFullAction, agent.actions[':id'].$get({ param: { id } }));
  async function copy(): Promise<void> {
    wrong.value = chosen.peek().length === 0 ? t('Choose at least one host.') : undefined;
    if (busy.peek() || wrong.peek() !== undefined) return;
    busy.value = true;
    try {
      const action = await load();
      came.value = new Map(await Promise.all(chosen.peek().map(async (host) => [host, await copyTo(host, action)] as const)));
    } catch (error) {
      wrong.value = sentence(error);
    }
    busy.value = false;
  }
  return (
    <Sheet title={t('Copy to other hosts')} onClose={onClose}>
      {came.value.size > 0 ? (
        <>
          <Listing label={t('What came of it')}>
            {[...came.value].map(([host, words]) => (
              <Line key={host} title={others.find((one) => one.id === host)?.name ?? host}>
                {words}
              </Line>
            ))}
          </Listing>
          <SheetButtons>
            <Button kind="primary" onClick={onClose}>
              {t('Done')}
            </Button>
          </SheetButtons>
        </>
      ) : (
        <Form class="stack" noValidate onSubmit={copy}>
          <CheckGroup
            label={t('Hosts')}
            help={t(
              'As it was saved last. Its script is not copied: put the same one there, and it can be pressed on all of them at once.',
            )}
            error={wrong.value}
            options={others.map((host) => ({
              value: host.id,
              label: host.online ? host.name : `${host.name} (${hostWords(host)})`,
            }))}
            value={chosen.value}
            onValue={(value) => {
              chosen.value = value;
            }}
          />
          <SheetButtons>
            <Button onClick={onClose}>{t('Cancel')}</Button>
            <Button kind="primary" type="submit" busy={busy.value}>
              {t('Copy')}
            </Button>
          </SheetButtons>
        </Form>
      )}
    </Sheet>
  );
}
