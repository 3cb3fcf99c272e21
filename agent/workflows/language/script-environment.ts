/** Variables that programs take commands, options or code from: a value in one of them would be run. */
const RUNS =
  /^(?:PATH|IFS|ENV|BASH_ENV|BASH_FUNC_.*|SHELLOPTS|BASHOPTS|PROMPT_COMMAND|PS[0-4]|CDPATH|GLOBIGNORE|LD_.*|DYLD_.*|PYTHON.*|NODE_.*|BUN_.*|DENO_.*|PERL.*|RUBY.*|GEM_.*|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|GIT_.*|SSH_ASKPASS|SUDO_ASKPASS|EDITOR|VISUAL|PAGER|MANPAGER|LESSOPEN|LESSCLOSE|BROWSER|SHELL|HOME|TORU_.*)$/;

export const NAME_OF_VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Why a variable can’t hold a value from outside; null when it can. */
export const variableRefused = (name: string): string | null =>
  RUNS.test(name) ? `programs take commands, code or where to find them from ${name}` : null;
