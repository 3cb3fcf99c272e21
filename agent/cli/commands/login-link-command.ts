import { connect, good } from '../agent-client.ts';
import type { Command } from '../command.ts';
import { noWords, parse } from '../command.ts';
import { note, print, UsageError } from '../io.ts';
import { printQr } from '../up/qr.ts';

/** toru login-link */
export const loginLink: Command = {
  summary: 'Print a link that logs you in on the page, once',
  help: `Usage: toru login-link [--user USER] [--url URL]

Prints an address that logs you in without a password, once, within five minutes: open it, and press the button there.
At a terminal it is a QR code, too: a phone that scans it is logged in, and nothing secret is typed there. It is the way in when the password is lost, or while somebody floods the login. Keep it to yourself.

  -u, --user USER   who is logged in; can be left out where there is only one admin
      --url URL     where you reach Toru's page, if that is another address than the one printed

  toru login-link
  toru login-link --user anna --url https://toru.example.com
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, { user: { type: 'string', short: 'u' }, url: { type: 'string' } });
    noWords(positionals);
    const url = values.url === undefined ? null : originOf(values.url);
    const json = values.user === undefined ? {} : { username: values.user };
    const { code, username, origin } = await (await good(connect(io.env)['login-links'].$post({ json }))).json();
    const where = url ?? origin;
    if (where === null) throw new UsageError('The agent does not know where its page is. Say it: --url https://toru.example.com');
    const link = `${where}/login#code=${code}`;
    await printQr(io, link);
    await print(io, link);
    await note(io, `it logs in ${username}, once, within five minutes`);
    return 0;
  },
};

function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol)) return url.origin;
  throw new UsageError(`“${text}” is no address such as https://toru.example.com.`);
}
