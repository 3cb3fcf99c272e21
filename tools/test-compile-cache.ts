import { join } from 'node:path';
import { root } from './root.ts';

/**
 * Where each Node that a test starts keeps the sources that it has read, with their types taken out, and compiled
 * (https://nodejs.org/api/module.html#module-compile-cache). The tests start hundreds of agents and commands, and each would spend
 * more time on that than on its work. A changed file is read again; a build, whose parts have new names, empties the folder.
 */
export const COMPILE_CACHE = join(root, 'node_modules/.cache/toru-compiled');
