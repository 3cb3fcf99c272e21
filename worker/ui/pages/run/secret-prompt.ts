/** A script reads from a pipe, where it can't turn an echo off as it would on a terminal: that it asks for a secret shows in its words only. */

const SECRET =
  /(?:pass(?:word|phrase|code|wd)?|passwor[dt]|passphrase|kennwort|geheimnis|secret|token|api[ _-]?key|\bpin\b|\botp\b|one-time code|verification code)/i;
/** More of a line is no question. */
const MOST = 300;

/** Does this last line of the output ask for a secret? It holds a word for one, and ends as a question does. */
export function asksForSecret(line: string): boolean {
  const question = line.trimEnd();
  return question.length <= MOST && /[:?>=]$/.test(question) && SECRET.test(question);
}
