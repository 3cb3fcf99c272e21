/**
 * The first program of a script in a container: sources the startup scripts, installs what the script depends on, finds its interpreter and
 * becomes it. Values stand in arguments and files, never in this text. Arguments: the language, an interpreter or nothing, and the script's
 * file with its arguments. Where it fails itself it leaves a word of START_FAILURES, and ends with 125.
 */
export const START_SCRIPT = `#!/bin/sh
for toru_file in /etc/stroem/startup.d/*.sh /etc/toru/startup.d/*.sh /toru/in/startup.d/*.sh; do
  if [ -f "$toru_file" ]; then . "$toru_file"; fi
done
unset toru_file
fail() { echo "$1" >/toru/out/failure; exit 125; }
first_of() { for each in "$@"; do if command -v "$each" >/dev/null 2>&1; then echo "$each"; return; fi; done; return 1; }
language=$1 interpreter=$2
shift 2
install_with() {
  while IFS= read -r each; do set -- "$@" "$each"; done </toru/in/dependencies
  "$@" >&2 || fail not_installed
}
if [ -z "$interpreter" ]; then
  case $language in
    shell) interpreter=$(first_of bash sh) ;;
    python) interpreter=$(first_of python3 python) ;;
    javascript) interpreter=$(first_of node bun) ;;
    typescript) interpreter=$(first_of node bun deno) ;;
    go) interpreter=$(first_of go) ;;
  esac
fi
[ -n "$interpreter" ] || fail no_interpreter
if [ -f /toru/in/dependencies ]; then
  case $language in
    python) if command -v uv >/dev/null 2>&1; then install_with uv pip install --quiet --system; else install_with "$interpreter" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore; fi ;;
    javascript | typescript) if command -v npm >/dev/null 2>&1; then install_with npm install --prefix /toru/in --no-audit --no-fund --loglevel=error; else (cd /toru/in && install_with bun add); fi ;;
  esac
  PATH="/toru/in/node_modules/.bin:$PATH"
  case $interpreter in
    node | */node) set -- --import file:///toru/in/resolve.mjs "$@" ;;
  esac
fi
case $language:\${interpreter##*/} in
  typescript:node) set -- --experimental-strip-types --disable-warning=ExperimentalWarning "$@" ;;
  *script:bun | go:go) set -- run "$@" ;;
  typescript:deno) set -- run --allow-all "$@" ;;
esac
exec "$interpreter" "$@"
`;
