import type { Command } from '../command.ts';
import { noWords, parse } from '../command.ts';
import { checkEverything } from '../doctor/checks.ts';
import { print } from '../io.ts';
import { plain } from '../terminal-filter.ts';

const SIGNS = { ok: '✓', note: '·', bad: '✗' } as const;

/** toru doctor */
export const doctor: Command = {
  summary: 'Look for what is wrong here, and say how to fix it',
  help: `Usage: toru doctor [--json]

Looks at Node, TORU_HOME and its files, the configuration, the agent, the scripts folder, the
edge, the disk, and how processes are kept together. Ends with 1 when something is wrong.

  toru doctor
  toru doctor --json | jq '.[] | select(.level == "bad")'
`,
  run: async (args, io) => {
    const { values, positionals } = parse(args, { json: { type: 'boolean' } });
    noWords(positionals);
    const findings = await checkEverything(io.env);
    if (values.json === true) await print(io, JSON.stringify(findings, null, 2));
    else {
      for (const { level, what, mend: fix } of findings) {
        await print(io, `${SIGNS[level]} ${plain(what)}`);
        if (fix !== null) await print(io, `    ${plain(fix)}`);
      }
    }
    return findings.some((finding) => finding.level === 'bad') ? 1 : 0;
  },
};
