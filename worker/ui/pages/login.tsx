import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { ToruError } from '../../../shared/errors.ts';
import { sentence } from '../api.ts';
import { useSubmit } from '../data/submit.ts';
import type { Wrong } from '../data/wrong-fields.ts';
import { navigate, safeReturn } from '../navigation.ts';
import { endedBecause, login, loginByLink, me } from '../own-session.ts';
import { bound, setTo } from '../parts/bound.ts';
import { Button } from '../parts/button.tsx';
import { Problem } from '../parts/empty.tsx';
import { Form } from '../parts/form.tsx';
import { Mark } from '../parts/mark.tsx';
import { TextField } from '../parts/text-field.tsx';
import { pageTitle } from '../title.ts';
import { t } from '../translate.ts';
import './login.css';

/** The code of a login link, which stands in the fragment: taken out of the address bar and the history when it is seen. */
function takeCode(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (code !== null) history.replaceState(null, '', location.pathname + location.search);
  return code;
}

/** The login, by password or by a link of `toru login-link`. */
export function Page() {
  const code = useSignal<string | null>(null);
  useLayoutEffect(() => {
    pageTitle.value = t('Log in');
    const look = (): void => {
      code.value = takeCode() ?? code.peek();
    };
    look();
    addEventListener('hashchange', look);
    if (code.value === null && me.peek() !== null && me.peek() !== undefined) goOn();
    return () => removeEventListener('hashchange', look);
  }, []);
  if (code.value === null) return <PasswordLogin />;
  return <LinkLogin code={code.value} onPassword={setTo(code, null)} />;
}

/** How often it is looked whether the other device has confirmed. */
const CONFIRM_MS = 1500;

/** Only a press logs in: whoever opens the address, to preview or prerender it, does not use the link up. */
function LinkLogin({ code, onPassword }: { code: string; onPassword: () => void }) {
  const device = useMemo(() => crypto.randomUUID(), []);
  const unconfirmed = useSignal(false);
  const here = useRef(true);
  useEffect(
    () => () => {
      here.current = false;
    },
    [],
  );
  const { busy, wrong, submit } = useSubmit(async () => {
    while (here.current && !(await isIn())) await new Promise((resolve) => setTimeout(resolve, CONFIRM_MS));
    if (here.current) goOn();
  });

  /** Not yet, where the device that showed the code is still asked. */
  async function isIn(): Promise<boolean> {
    try {
      await loginByLink(code, device);
      return true;
    } catch (error) {
      unconfirmed.value = error instanceof ToruError && error.code === 'login_unconfirmed';
      if (unconfirmed.value) return false;
      throw error;
    }
  }

  return (
    <LoginFrame
      onSubmit={submit}
      why={
        unconfirmed.value
          ? t('Now confirm it on the device that shows the code. This page goes on by itself.')
          : t('The link that you opened logs you in on this device, once.')
      }
    >
      {wrong['form'] !== undefined && <Problem message={wrong['form']} />}
      <Button kind="primary" type="submit" busy={busy}>
        {unconfirmed.value ? t('Waiting…') : t('Log in with this link')}
      </Button>
      <Button kind="ghost" onClick={onPassword}>
        {t('Use a password')}
      </Button>
    </LoginFrame>
  );
}

/** What stands in a field: it may have been typed before the script was here, since the server drew the form. */
function typedIn(name: string): string {
  const field = document.querySelector(`.login-form input[name=${name}]`);
  return field instanceof HTMLInputElement ? field.value : '';
}

function missing(): Wrong {
  if (typedIn('username').trim() === '') return { username: t('Type your username.') };
  return typedIn('password') === '' ? { password: t('Type your password.') } : {};
}

/** The form for name and password. Says why it asks, when a session ended; counts down when there were too many tries. */
function PasswordLogin() {
  const username = useSignal(typedIn('username'));
  const password = useSignal(typedIn('password'));
  const wrong = useSignal<Wrong>({});
  const busy = useSignal(false);
  const wait = useSignal(0);
  // A form that the server drew can't send itself yet: neither a press nor Enter is taken for one that does.
  const isLive = useSignal(false);
  useEffect(() => {
    isLive.value = true;
  }, []);

  useEffect(() => {
    if (wait.value <= 0) return;
    const timer = setTimeout(() => {
      wait.value -= 1;
      if (wait.value <= 0) wrong.value = {};
    }, 1000);
    return () => clearTimeout(timer);
  }, [wait.value]);

  async function submit(): Promise<void> {
    if (busy.value || wait.value > 0) return;
    wrong.value = missing();
    if (Object.keys(wrong.value).length > 0) return;
    busy.value = true;
    try {
      await login(typedIn('username').trim(), typedIn('password'));
      goOn();
    } catch (error) {
      wrong.value = { password: sentence(error) };
      const seconds = error instanceof ToruError && error.code === 'too_many_attempts' ? error.extra['retry_after'] : 0;
      if (typeof seconds === 'number') wait.value = Math.ceil(seconds);
      // Put off, not wrong: the same password again is what gets the reserved turn.
      if (wait.value === 0) password.value = '';
      document.querySelector<HTMLElement>('input[type=password]')?.focus();
    } finally {
      busy.value = false;
    }
  }

  return (
    <LoginFrame onSubmit={submit} why={endedBecause.value}>
      <TextField
        label={t('Username')}
        name="username"
        autocomplete="username"
        autocapitalize="none"
        required
        autofocus
        {...bound(username)}
        error={wrong.value['username']}
      />
      <TextField
        label={t('Password')}
        type="password"
        name="password"
        autocomplete="current-password"
        required
        {...bound(password)}
        error={wrong.value['password']}
      />
      <Button kind="primary" type="submit" busy={busy.value} disabled={wait.value > 0 || !isLive.value}>
        {wait.value > 0 ? t('Try again in {wait} s', { wait: wait.value }) : t('Log in')}
      </Button>
    </LoginFrame>
  );
}

/** @param why it asks; null when somebody just came. */
function LoginFrame(props: { why: string | null; onSubmit: () => Promise<void>; children: ComponentChildren }) {
  return (
    <main class="login">
      <Form class="login-form" noValidate onSubmit={props.onSubmit}>
        <header class="login-head">
          <Mark size={44} />
          <h1>{t('Log in to Toru')}</h1>
          {props.why !== null && (
            <p class="notice" role="status">
              {props.why}
            </p>
          )}
        </header>
        {props.children}
      </Form>
    </main>
  );
}

/** Once: the shell that comes with the session shows this page again, at an address that names no `next` any more. */
function goOn(): void {
  if (location.pathname !== '/login') return;
  navigate(safeReturn(new URLSearchParams(location.search).get('next') ?? undefined), { replace: true });
}
