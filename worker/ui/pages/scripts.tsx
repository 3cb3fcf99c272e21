import { useSignal } from '@preact/signals';
import { FileCode, FileWarning, Play, Plus, RefreshCw } from 'lucide-preact';
import { useLocation } from 'preact-iso';
import type { Script } from '../../../shared/scripts.ts';
import { bytes } from '../amounts.ts';
import { agent, read, until } from '../api.ts';
import { actions } from '../data/known-actions.ts';
import { isSettings } from '../data/known-settings.ts';
import { useResource } from '../data/resource.ts';
import { listOf } from '../guards.ts';
import { navigate } from '../navigation.ts';
import { setTo } from '../parts/bound.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Empty, Loading, Problem } from '../parts/empty.tsx';
import { Glyph } from '../parts/glyph.tsx';
import { Line, Listing } from '../parts/listing.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { SearchBox } from '../parts/search-box.tsx';
import { Section } from '../parts/section.tsx';
import { When } from '../parts/when.tsx';
import { isScript } from '../place-guards.ts';
import { rich } from '../rich.ts';
import { t } from '../translate.ts';
import { AddScript } from './scripts/add-script.tsx';
import { fileName, fixing, foldersOf } from './scripts/groups.ts';
import { RunScript } from './scripts/run-script.tsx';
import './scripts.css';

/** The scripts folder: run a script, make an action of it, or learn why it can't run. */
export function Page() {
  const { query } = useLocation();
  const wanted = query['q'] ?? '';
  const scripts = useResource(async (signal) => (await read(listOf(isScript), agent.scripts.$get(undefined, until(signal)))).items);
  const folder = useResource(async (signal) => (await read(isSettings, agent.settings.$get(undefined, until(signal)))).scripts_dir);
  const running = useSignal<Script | null>(null);
  const folders = foldersOf(scripts.data ?? [], wanted);

  return (
    <div class="narrow">
      <PageHead
        title={t('Scripts')}
        lead={
          folder.data === null
            ? t('What lies in the scripts folder of your host.')
            : rich('What lies in {folder} on your host. It is chosen under Settings.', { folder: <code>{folder.data}</code> })
        }
      >
        <AddScript onAdded={() => void scripts.reload()} />
        <Button
          aria-label={t('Look again')}
          title={t('Look again')}
          icon={<RefreshCw size={18} />}
          busy={scripts.busy && scripts.data !== null}
          onClick={() => void scripts.reload()}
        />
      </PageHead>
      {scripts.problem !== null && (
        <Problem message={scripts.problem} action={<Button onClick={() => void scripts.reload()}>{t('Try again')}</Button>} />
      )}
      {scripts.data === null && scripts.problem === null && <Loading what={t('the scripts')} />}
      {scripts.data?.length === 0 && (
        <Empty title={t('The folder has no scripts yet')} action={<ButtonLink href="/settings">{t('See which folder it is')}</ButtonLink>}>
          {t('Put an executable file in the scripts folder of your host, in any language, then look again.')}
        </Empty>
      )}
      {scripts.data !== null && scripts.data.length > 0 && (
        <search>
          <SearchBox label={t('Find a script by name or description')} placeholder={t('Find')} value={wanted} onValue={find} />
        </search>
      )}
      {wanted !== '' && scripts.data !== null && scripts.data.length > 0 && folders.length === 0 && (
        <p class="muted" role="status">
          {t('No script has “{wanted}” in its name or description.', { wanted })}
        </p>
      )}
      {folders.map((folder) => (
        <Section key={folder.path} title={folder.path === '' ? t('Scripts folder') : `${folder.path}/`} flush>
          <Listing label={folder.path === '' ? t('Scripts folder') : folder.path}>
            {folder.scripts.map((script) => (
              <ScriptLine key={script.name} script={script} onRun={setTo(running, script)} />
            ))}
          </Listing>
        </Section>
      ))}
      {running.value !== null && <RunScript script={running.value} onClose={setTo(running, null)} />}
    </div>
  );
}

function find(text: string): void {
  navigate(text === '' ? '/scripts' : `/scripts?q=${encodeURIComponent(text)}`, { replace: true });
}

function ScriptLine({ script, onRun }: { script: Script; onRun: () => void }) {
  const Icon = script.runnable ? FileCode : FileWarning;
  const used = actions.value?.filter((action) => action.script === script.name) ?? [];
  return (
    <Line
      lead={<Icon size={22} strokeWidth={1.6} aria-hidden="true" />}
      title={
        <a class="script-name" href={`/scripts/edit?name=${encodeURIComponent(script.name)}`}>
          {fileName(script)}
        </a>
      }
      acts={
        script.runnable && (
          <>
            <Button acts="ask" small icon={<Play size={16} aria-hidden="true" />} onClick={onRun}>
              {t('Run…')}
              <span class="hush"> {script.name}</span>
            </Button>
            <ButtonLink
              small
              kind="ghost"
              href={`/actions/new?script=${encodeURIComponent(script.name)}`}
              icon={<Plus size={16} aria-hidden="true" />}
            >
              {t('Make an action')}
              <span class="hush"> {t('of {name}', { name: script.name })}</span>
            </ButtonLink>
          </>
        )
      }
    >
      {script.description !== '' && <p dir="auto">{script.description}</p>}
      {script.problem !== null && <Fix problem={script.problem} />}
      <p class="small">{rich('{size}, changed {when}', { size: bytes(script.size), when: <When at={script.modified_at} /> })}</p>
      {used.length > 0 && (
        <p class="script-used">
          {used.map((action) => (
            <a key={action.id} href={`/actions/${encodeURIComponent(action.id)}/edit`}>
              <Glyph name={action.icon} size={14} /> <span dir="auto">{action.label}</span>
            </a>
          ))}
        </p>
      )}
    </Line>
  );
}

function Fix(props: { problem: string }) {
  const { why, command } = fixing(props.problem);
  return (
    <>
      <p class="script-why">{why}</p>
      {command !== null && (
        <div class="fix">
          <code>{command}</code>
          <CopyButton text={command} label={t('Copy the command')} />
        </div>
      )}
    </>
  );
}
