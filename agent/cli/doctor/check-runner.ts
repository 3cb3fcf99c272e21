import { runnerFiles } from '../../runner/runner-files.ts';
import { Spawner } from '../../runner/spawner.ts';
import type { Finding } from './finding.ts';
import { ok, worthKnowing } from './finding.ts';

const SHELL = 'a shell carries each run: slower, secrets that a script prints are kept as they are, and SIGINT reads as exit 130';

/** The program that carries runs on this host: the native runner, or the shell wrapper. */
export async function checkRunner(files: readonly string[] = runnerFiles()): Promise<Finding> {
  if (files.length === 0)
    return worthKnowing(SHELL, 'The native runner is for Linux: on other processors than x64 and arm64, `npm run build` compiles it.');
  const spawner = new Spawner({ files });
  const program = await spawner.program;
  spawner.close();
  if (program !== null) return ok(`the native runner carries runs: ${program}`);
  return worthKnowing(
    SHELL,
    `None of these programs starts: ${files.join(', ')}. Is their folder mounted noexec, or are they of another version?`,
  );
}
