import { computed, signal } from '@preact/signals';
import type { Me } from '../../shared/sessions.ts';
import { edge, setHooks } from './api.ts';
import { isAnything, isMe, orNull } from './guards.ts';
import { navigate } from './navigation.ts';
import { t } from './translate.ts';
import { onHost, viewedHost } from './viewed-host.ts';

/** The user who is logged in: undefined until the server said, null for nobody. */
export const me = signal<Me | null | undefined>(undefined);
export const isAdmin = computed(() => me.value?.user.role === 'admin');
/** Why the login page is shown, when it was not the person's own wish. */
export const endedBecause = signal<string | null>(null);

/** A question for the password, while it is open. The shell shows the dialog. */
export interface PasswordQuestion {
  /** Another one for each question. */
  id: number;
  message: string;
  answer: (given: boolean) => void;
}
export const passwordQuestion = signal<PasswordQuestion | null>(null);

/** Who is logged in, with the role on this page's host. @throws ToruError. */
export function askWhoIAm(): Promise<Me> {
  return edge(isMe, 'GET', onHost('/api/me'));
}

/** Asks the server who we are. @throws ToruError when it can't be reached. */
export async function loadSession(): Promise<void> {
  me.value = await edge(orNull(isMe), 'GET', onHost('/api/me?optional=true'));
}

/** @throws ToruError invalid_credentials, too_many_attempts (with extra.retry_after, seconds), host_offline … */
export async function login(username: string, password: string): Promise<void> {
  const there = await edge(isMe, 'POST', '/api/login', { body: { username, password } });
  me.value = viewedHost === null ? there : await askWhoIAm();
  endedBecause.value = null;
}

/**
 * With the code of a login link, or of another device. @param device what this page made up for itself.
 * @throws ToruError invalid_credentials when it was used or is too old, login_unconfirmed while the other device has not confirmed it …
 */
export async function loginByLink(code: string, device: string): Promise<void> {
  me.value = await edge(isMe, 'POST', '/api/login/link', { body: { code, device } });
  endedBecause.value = null;
}

export async function logout(): Promise<void> {
  await edge(isAnything, 'POST', '/api/logout', { body: {} });
  me.value = null;
  navigate('/login', { replace: true });
}

/** The session is over: to the login, and back here afterwards. */
export function sessionEnded(why = t('Your session ended. Log in to go on where you were.')): void {
  if (me.value === null) return;
  // Before the person goes: what was typed is kept for when they are back.
  if (me.value !== undefined) endedBecause.value = why;
  me.value = null;
  passwordQuestion.value?.answer(false);
  goToLogin();
}

/** Keeps where the person wanted to go. */
export function goToLogin(): void {
  const here = location.pathname + location.search + location.hash;
  if (location.pathname === '/login') return;
  navigate(here === '/' ? '/login' : `/login?next=${encodeURIComponent(here)}`, { replace: true });
}

let questions = 0;
function askPassword(message: string): Promise<boolean> {
  passwordQuestion.value?.answer(false);
  return new Promise((resolve) => {
    questions += 1;
    passwordQuestion.value = {
      id: questions,
      message,
      answer(given) {
        passwordQuestion.value = null;
        resolve(given);
      },
    };
  });
}

setHooks({ sessionEnded: () => sessionEnded(), reauthenticate: askPassword });
