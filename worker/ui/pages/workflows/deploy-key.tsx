import { useSignal } from '@preact/signals';
import type { HostKey, Workspace } from '../../../../shared/workflows.ts';
import { sentence } from '../../api.ts';
import { useResource } from '../../data/resource.ts';
import { Button } from '../../parts/button.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { Loading, Problem } from '../../parts/empty.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { t } from '../../translate.ts';
import { getKey, hostKeys, makeKey, removeKey } from './calls.ts';
import './deploy-key.css';

/** The key of one repository: made, shown to be copied, and the server that it is for, trusted by its fingerprint. */
export function DeployKeySheet({ workspace, onClose }: { workspace: Pick<Workspace, 'name' | 'url'>; onClose: () => void }) {
  const ws = workspace.name;
  const key = useResource((signal) => getKey(ws, signal));
  const server = useSignal<HostKey[] | null>(null);
  const busy = useSignal<'key' | 'server' | null>(null);
  const problem = useSignal<string | null>(null);
  async function attempt(what: 'key' | 'server', act: () => Promise<unknown>): Promise<void> {
    if (busy.peek() !== null) return;
    busy.value = what;
    problem.value = null;
    try {
      await act();
      key.again();
    } catch (error) {
      problem.value = sentence(error);
    }
    busy.value = null;
  }
  const known = key.data;
  const isTrusted = (fingerprint: string): boolean => known?.trusted.some((one) => one.fingerprint === fingerprint) ?? false;
  return (
    <Sheet title={t('The key of {name}', { name: ws })} onClose={onClose}>
      <div class="stack">
        {(problem.value ?? key.problem) !== null && <Problem message={problem.value ?? key.problem ?? ''} />}
        {key.busy && known === null && <Loading what={t('the key')} rows={1} />}
        {!key.busy && known === null && (
          <>
            <p>{t('It has no key of its own: the repository is read with the keys of the user that the agent runs as.')}</p>
            <div class="row">
              <Button kind="primary" busy={busy.value === 'key'} onClick={() => void attempt('key', () => makeKey(ws))}>
                {t('Make a key')}
              </Button>
            </div>
          </>
        )}
        {known !== null && (
          <>
            <p>{t('Add this to the repository’s settings, as a deploy key that may read:')}</p>
            <div class="deploy-key">
              <code>{known.public_key}</code>
              <CopyButton text={known.public_key} label={t('Copy the key')} />
            </div>
            <h3>{t('Its server')}</h3>
            {known.trusted.map(({ host, type, fingerprint }) => (
              <p key={fingerprint} class="deploy-server">
                {t('Trusted: {host}, {type}', { host, type })} <code>{fingerprint}</code>
              </p>
            ))}
            {known.trusted.length === 0 && (
              <p class="muted">
                {t('No key of the server is trusted yet. Look at those that it shows, and compare them with what its owner publishes.')}
              </p>
            )}
            {server.value
              ?.filter(({ fingerprint }) => !isTrusted(fingerprint))
              .map(({ type, fingerprint }) => (
                <div key={fingerprint} class="deploy-key">
                  <span class="deploy-server">
                    {type} <code>{fingerprint}</code>
                  </span>
                  <Button
                    small
                    aria-label={t('Trust {fingerprint}', { fingerprint })}
                    onClick={() => void attempt('server', () => hostKeys(ws, fingerprint))}
                  >
                    {t('Trust')}
                  </Button>
                </div>
              ))}
            <div class="row">
              <Button
                busy={busy.value === 'server'}
                onClick={() =>
                  void attempt('server', async () => {
                    server.value = await hostKeys(ws);
                  })
                }
              >
                {t('Look at the server’s keys')}
              </Button>
            </div>
          </>
        )}
      </div>
      <SheetButtons>
        {known !== null && (
          <Button kind="danger" busy={busy.value === 'key'} onClick={() => void attempt('key', () => removeKey(ws))}>
            {t('Remove the key')}
          </Button>
        )}
        <Button onClick={onClose}>{t('Done')}</Button>
      </SheetButtons>
    </Sheet>
  );
}
