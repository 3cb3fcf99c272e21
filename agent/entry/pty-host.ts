import { closeInherited } from '../inherited.ts';
import { HostServer } from '../terminals/host/host-server.ts';

/** The process that keeps the terminals (agent/terminals/pty-hosts.ts starts it): `pty-host FOLDER NAME`. */
const [folder, name] = process.argv.slice(2);
if (folder === undefined || name === undefined) throw new Error('usage: pty-host FOLDER NAME');
closeInherited();
process.umask(0o077);
new HostServer(folder, name).start();
