import { Bell, History, Pencil, Play, ScrollText, Smartphone, Star } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { sentence } from '../../api.ts';
import { markFavourite } from '../../data/change-actions.ts';
import { tellAbout } from '../../data/tell-me.ts';
import type { AnyAction } from '../../guards.ts';
import { appPath, runPath } from '../../navigation.ts';
import { isAdmin } from '../../own-session.ts';
import { Button } from '../../parts/button.tsx';
import { Sheet } from '../../parts/sheet.tsx';
import { toast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import { viewedHost } from '../../viewed-host.ts';
import { LastResults } from './last-results.tsx';
import { pressAgain } from './press.ts';
import { isActive, menuOf } from './tile.tsx';
import './tile-menu.css';

/** The menu of things to do with an action, beside pressing it. */
export function TileMenu({ action }: { action: AnyAction }) {
  function close(): void {
    menuOf.value = null;
  }
  return (
    <Sheet title={action.label} onClose={close}>
      {action.description !== '' && (
        <p class="muted" dir="auto">
          {action.description}
        </p>
      )}
      <LastResults action={action} onGo={close} />
      <ul class="tile-acts">
        <li>
          <Button
            acts="run"
            icon={<Play size={20} aria-hidden="true" />}
            disabled={action.problem !== null}
            onClick={() => {
              close();
              pressAgain(action);
            }}
          >
            {isActive(action) ? t('Run another') : t('Run')}
          </Button>
        </li>
        <li>
          <Button
            icon={<Star size={20} fill={action.favourite === true ? 'currentColor' : 'none'} aria-hidden="true" />}
            onClick={() => {
              close();
              markFavourite(action.id, action.favourite !== true).catch((error: unknown) => toast(sentence(error), 'bad'));
            }}
          >
            {action.favourite === true ? t('Remove from favourites') : t('Add to favourites')}
          </Button>
        </li>
        {action.last_run !== null && (
          <To href={runPath(action.last_run.task_id)} icon={<ScrollText size={20} aria-hidden="true" />} onClick={close}>
            {t('Output of the newest run')}
          </To>
        )}
        {/* A browser is told by one host: the home host. */}
        {viewedHost === null && (
          <li>
            <Button
              icon={<Bell size={20} aria-hidden="true" />}
              onClick={() => {
                close();
                tellAbout.value = { action };
              }}
            >
              {t('Tell me when it ends')}
            </Button>
          </li>
        )}
        <To href={appPath(action.id)} icon={<Smartphone size={20} aria-hidden="true" />} onClick={close}>
          {t('Put on the home screen')}
        </To>
        <To href={`/runs?action=${encodeURIComponent(action.id)}`} icon={<History size={20} aria-hidden="true" />} onClick={close}>
          {t('Its runs')}
        </To>
        {isAdmin.value && (
          <To href={`/actions/${encodeURIComponent(action.id)}/edit`} icon={<Pencil size={20} aria-hidden="true" />} onClick={close}>
            {t('Edit')}
          </To>
        )}
      </ul>
    </Sheet>
  );
}

function To(props: { href: string; icon: ComponentChildren; onClick: () => void; children: string }) {
  return (
    <li>
      <a class="btn" href={props.href} onClick={props.onClick}>
        {props.icon}
        <span>{props.children}</span>
      </a>
    </li>
  );
}
