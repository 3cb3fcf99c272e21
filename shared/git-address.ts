/** Is this where a git repository lies, and no path of a folder? Whether it may be asked, the host decides. */
export function isGitAddress(text: string): boolean {
  return /^(?:https?|ssh|git|file):\/\/|^[\w.-]+@[\w.-]+:/.test(text);
}

/** Is this such an address that is reached by ssh, with a key? */
export function isSshAddress(text: string): boolean {
  return /^ssh:\/\/|^[\w.-]+@[\w.-]+:/.test(text);
}
