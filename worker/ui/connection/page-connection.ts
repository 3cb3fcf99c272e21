import { effect, signal } from '@preact/signals';
import { ToruError } from '../../../shared/errors.ts';
import { askWhoIAm, me, sessionEnded } from '../own-session.ts';
import { toast } from '../toasts.ts';
import { t } from '../translate.ts';
import { Connection } from './connection.ts';
import { pageBuild, reloadOnce, versionQuery } from './page-build.ts';

/** The server serves another page by now. While this one works, a reload is asked for and not forced upon somebody who reads. */
export const reloadWanted = signal(false);

const build = pageBuild(document);

/** The page's connection. Open while somebody is logged in. */
export const connection = new Connection(versionQuery(build), {
  sessionEnded: () => void checkSession(),
  reload: () => {
    const reloaded = reloadOnce(
      build,
      () => sessionStorage,
      () => location.reload(),
    );
    reloadWanted.value = !reloaded;
  },
  newerPage: () => {
    reloadWanted.value = true;
  },
  tooLate: () => toast(t('The network held back what you typed for too long: the run did not get it.'), 'bad'),
});

/** 4001 also comes when a new login replaced the session of this very page: then we only dial again. */
async function checkSession(): Promise<void> {
  try {
    me.value = await askWhoIAm();
    setTimeout(() => connection.open(), 500);
  } catch (error) {
    if (error instanceof ToruError && error.status === 401) sessionEnded();
    else setTimeout(() => void checkSession(), 3000);
  }
}

let openFor: string | null = null;
effect(() => {
  const user = me.value?.user.id ?? null;
  if (user === openFor) return;
  if (openFor !== null) connection.close();
  openFor = user;
  if (user !== null) connection.open();
});
