import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import type { Action } from '../../shared/flow/definition.ts';
import { packageRoot } from '../system/package-root.ts';

type ScriptAction = Extract<Action, { type: 'script' }>;

/** What step-install.ts is told, as its first argument; the command that it becomes follows. */
export const installOrder = z.object({
  language: z.enum(['python', 'javascript', 'typescript']),
  dependencies: z.array(z.string()),
  /** The host's own interpreter, absolute. */
  interpreter: z.string(),
  /** Where they are installed, once for all steps that name the same. */
  folder: z.string(),
  /** The step's own: a script there finds packages in a `node_modules` beside it. */
  step: z.string(),
});
export type InstallOrder = z.infer<typeof installOrder>;

/** What a script depends on, as an order; null where nothing is to be installed: `go run` gets its packages itself. */
export function installOf(
  { language, dependencies }: ScriptAction,
  { interpreter, home, folder: step }: { interpreter: string; home: string; folder: string },
): InstallOrder | null {
  if (dependencies.length === 0 || language === 'shell' || language === 'go') return null;
  const names = [...new Set(dependencies)].sort();
  const kind = language === 'python' ? 'python' : 'javascript';
  const hash = createHash('sha256')
    .update(JSON.stringify([kind, interpreter, process.arch, names]))
    .digest('hex')
    .slice(0, 32);
  return { language, dependencies: names, interpreter, folder: join(home, 'dependencies', `${kind}-${hash}`), step };
}

/** The program that installs, and becomes the script's. */
export function installProgram(): string[] {
  const file = import.meta.filename.endsWith('.ts') ? 'agent/entry/step-install.ts' : 'dist/agent/step-install.js';
  return ['--no-warnings', join(packageRoot(), file)];
}

export const RESOLVE_FILE = 'resolve.mjs';

/** Read by Node before a script that stands elsewhere, in the workspace: packages that are not found beside it are those of this folder. */
export function resolveHook(folder: string): string {
  return `import module from 'node:module';
import { pathToFileURL } from 'node:url';
const parentURL = pathToFileURL(${JSON.stringify(join(folder, 'package.json'))}).href;
const isPackage = (specifier) => !/^[./]|^\\w+:/.test(specifier);
if (module.registerHooks) {
  module.registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context);
      } catch (error) {
        if (!isPackage(specifier)) throw error;
        return next(specifier, { ...context, parentURL });
      }
    },
  });
} else {
  // Before Node 22.15.
  const hook = \`const isPackage = \${isPackage}; export async function resolve(specifier, context, next) {
    try { return await next(specifier, context); }
    catch (error) { if (!isPackage(specifier)) throw error; return next(specifier, { ...context, parentURL: \${JSON.stringify(parentURL)} }); }
  }\`;
  module.register(\`data:text/javascript,\${encodeURIComponent(hook)}\`);
}
`;
}
