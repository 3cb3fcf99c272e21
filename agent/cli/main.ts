import { runCli } from './cli.ts';
import { becomeOwner, withAgentHome } from './enter-home.ts';
import { processIo } from './io.ts';

/** They begin a home, or need none: the author's commands write into the folder of who types them, a service is root's to install. */
const NO_AGENT =
  /^(?:start|agent|up|service|update|uninstall|restore|validate|help|-.*|plugin (?:new|test|pack)|notify|exec|hook|status (?:working|idle|done|needs-input))?$/;

const args = process.argv.slice(2);
const [command = '', word = ''] = args;
const needsAgent = !NO_AGENT.test(
  command === 'plugin' || (command === 'status' && word !== '' && !word.startsWith('-')) ? `${command} ${word}` : command,
);
const env = needsAgent ? becomeOwner(withAgentHome(process.env)) : process.env;
// Not awaited: a program that ends while its module is awaited exits with 13 (`toru agent`, told to stop).
void runCli(args, processIo(env)).then((code) => {
  process.exitCode = code;
});
