import { packageRoot } from '../../system/package-root.ts';
import type { Command } from '../command.ts';
import { noWords, parse } from '../command.ts';
import { deployEdge, tryDeploy } from '../deploy/deploy.ts';
import { edgeFolder } from '../deploy/edge-folder.ts';
import { findWrangler } from '../deploy/wrangler.ts';
import { UsageError } from '../io.ts';

/** As Cloudflare has it: a part of a host name. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** toru deploy */
export const deploy: Command = {
  summary: 'Bring the edge to Cloudflare, or a newer one',
  help: `Usage: toru deploy [--name NAME] [--env ENV] [--dry-run] [--new-setup-code]

Deploys the edge that this Toru brings to your Cloudflare account, as the Worker “toru”; the free plan
suffices. Prints its address and, the first time, the setup code with which one host claims it (toru up).
Typed again, it brings this version and changes nothing else: secrets, hosts and sessions stay.

  --name NAME       another Worker, with hosts and users of its own
  --env ENV         the Worker NAME-ENV, such as toru-staging
  --dry-run         send nothing, and say what would be done
  --new-setup-code  another code for one that was lost; only until the first host came

It uses wrangler, Cloudflare's command line, from PATH or else fetched by npx, and its login: your
browser opens, or CLOUDFLARE_API_TOKEN is set.

  toru deploy
  toru deploy --env staging --dry-run
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, {
      name: { type: 'string', default: 'toru' },
      env: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      'new-setup-code': { type: 'boolean', default: false },
    });
    noWords(positionals);
    const name = values.env === undefined ? values.name : `${values.name}-${values.env}`;
    if (!NAME.test(name) || values.env === '')
      throw new UsageError(`“${name}” can’t be a Worker’s name: small letters, digits and hyphens, 63 at most, no hyphen at either end.`);
    const folder = edgeFolder(packageRoot(), name);
    try {
      const wrangler = await findWrangler(packageRoot(), io.env);
      if (values['dry-run']) await tryDeploy(wrangler, folder, name, io);
      else await deployEdge({ wrangler, folder, name, newSetupCode: values['new-setup-code'] }, io);
      return 0;
    } finally {
      folder.remove();
    }
  },
};
