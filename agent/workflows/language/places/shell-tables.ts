/** What commands do with their words. A command that is in none of these tables takes them as data. */

/** Programs that run what is said to them. */
export const INTERPRETERS =
  /^(?:(?:ba|da|a|k|mk|z|fi|c|tc|r)?sh|busybox|python[\d.]*|pypy[\d.]*|perl[\d.]*|ruby[\d.]*|node|nodejs|bun|deno|tsx|ts-node|php[\d.]*|lua[\d.]*|luajit|tclsh|wish|expect|Rscript|R|julia|pwsh|powershell|osascript|guile|racket|groovy|scala|ghci|irb|gdb|uv)$/;
/** Their options whose argument is a program. */
export const CODE_OPTION =
  /^(?:-[a-zA-Z]*[ceEprBR]|--(?:eval|print|command|exec|run|require|import|init-command|rcfile|init-file|loader)(?:=.*)?|-(?:Command|EncodedCommand|File))$/;
/** With these alone, an interpreter reads no program. */
export const INFORMATION = /^(?:--version|-V|--help|-h)$/;

/** Their words are a program, or commands for somewhere else. */
export const PROGRAM_WORDS = new Set(
  'sed gsed awk gawk mawk nawk jq yq gojq bc dc psql mysql mariadb sqlite3 mongosh mongo redis-cli gnuplot m4 ed ex vi vim nvim emacs ssh slogin rsh su runuser at batch crontab tmux screen watch parallel make gmake trap script telnet ftp sftp lftp nsenter systemd-run expr socat nc ncat netcat sshpass autossh mosh ansible salt vagrant npx pnpx bunx yarn npm pnpm'.split(
    ' ',
  ),
);
/** And what is piped into these, too. */
export const PROGRAM_INPUT = new Set(
  'psql mysql mariadb sqlite3 mongosh mongo redis-cli bc dc gnuplot m4 ed ex vi vim nvim emacs ssh slogin rsh su runuser at batch crontab parallel make gmake telnet ftp sftp lftp nsenter socat nc ncat netcat sshpass autossh mosh'.split(
    ' ',
  ),
);
/** The shell’s own commands whose words are names of variables, or commands. */
export const NAME_WORDS = new Set(
  'read unset getopts mapfile readarray let bind complete compgen compopt enable exec hash wait builtin command . source alias unalias coproc fc history shopt ulimit umask type which times caller disown bg fg jobs suspend logout dirs pushd popd'.split(
    ' ',
  ),
);
/** Variables are declared by them: `local name=value`. */
export const DECLARATIONS = new Set(['declare', 'typeset', 'local', 'readonly', 'export']);

/** They run the command that follows their own options. `flags` stand alone, `valued` take the next word; `words` come before the command. */
export const WRAPPERS: Record<string, { flags: RegExp; valued: RegExp; words: number }> = {
  sudo: { flags: /^(?:-[EHnSkb]+|--preserve-env|--)$/, valued: /^-[ugprCTDh]$/, words: 0 },
  doas: { flags: /^-[nL]$/, valued: /^-[uC]$/, words: 0 },
  env: { flags: /^(?:-i|-0|--ignore-environment|--)$/, valued: /^-[uC]$/, words: 0 },
  nice: { flags: /^(?:-\d+|--adjustment=-?\d+)$/, valued: /^-n$/, words: 0 },
  ionice: { flags: /^(?:-t|-[cn]\d)$/, valued: /^-[cn]$/, words: 0 },
  nohup: { flags: /^--$/, valued: /^$/, words: 0 },
  setsid: { flags: /^(?:-[cfw]+|--fork|--wait)$/, valued: /^$/, words: 0 },
  timeout: { flags: /^(?:--foreground|--preserve-status|-v|--signal=\w+|--kill-after=\w+)$/, valued: /^-[ks]$/, words: 1 },
  time: { flags: /^(?:-p|-v|--)$/, valued: /^-[fo]$/, words: 0 },
  stdbuf: { flags: /^-[ioe]\w+$/, valued: /^-[ioe]$/, words: 0 },
  caffeinate: { flags: /^-[dimsu]+$/, valued: /^-t$/, words: 0 },
};

/** The tests of one operand, of two texts and of two numbers, as `[` and `[[` have them. */
export const UNARY = new Set([
  '-n',
  '-z',
  '-e',
  '-f',
  '-d',
  '-r',
  '-w',
  '-x',
  '-s',
  '-L',
  '-h',
  '-b',
  '-c',
  '-p',
  '-S',
  '-u',
  '-g',
  '-k',
  '-O',
  '-G',
]);
export const BINARY = new Set(['=', '==', '!=', '-nt', '-ot', '-ef']);
export const NUMERIC = new Set(['-eq', '-ne', '-lt', '-le', '-gt', '-ge']);
