import type { ComponentProps } from 'preact';

type FormProps = Omit<ComponentProps<'form'>, 'onSubmit'> & { onSubmit: () => Promise<void> | void };

/** A form that the page sends itself; the browser loads nothing. */
export function Form({ onSubmit, ...rest }: FormProps) {
  return (
    <form
      // Before the script is here, a form that was drawn by the server could be sent: never with a password in the address.
      method="post"
      {...rest}
      onSubmit={(event) => {
        event.preventDefault();
        void onSubmit();
      }}
    />
  );
}

/** For a password manager, which keeps a password under a name: what it reads beside a password field. Nobody sees it. */
export function HiddenUsername(props: { value: string }) {
  return (
    <input class="hush" type="text" name="username" autocomplete="username" value={props.value} readOnly tabIndex={-1} aria-hidden="true" />
  );
}
