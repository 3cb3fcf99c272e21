import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Run } from '../../../shared/runs.ts';
import type { Harness } from '../runs-harness.ts';
import { makeHarness } from '../runs-harness.ts';

let h: Harness;
beforeEach(() => {
  h = makeHarness();
});
afterEach(() => h.close());

async function run(text: string): Promise<Run> {
  h.script('it.sh', text);
  const { task_id } = await h.runs.start(h.caller('ada'), { script: 'it.sh', source: 'api' });
  return h.ended(task_id);
}

it.each([
  { name: 'removes itself', text: '#!/bin/sh\necho work done\nrm -- "$0"\nno-such-tool --sync\n' },
  { name: 'removes itself in silence', text: '#!/bin/sh\nrm -- "$0"\nno-such-tool --sync\n' },
  { name: 'ends with 126 by itself', text: '#!/bin/sh\nrm -- "$0"\nexit 126\n' },
  { name: 'ends with 127 by itself', text: '#!/usr/bin/env sh\nexit 127\n' },
  { name: 'has an option and fails', text: '#!/bin/sh -e\nno-such-tool\n' },
  {
    name: 'became another file meanwhile, and printed',
    text: '#!/bin/sh\necho work done\nprintf "#!/nowhere/x\\n" >"$0"\necho oh >&2; exit 127\n',
  },
  { name: 'became another file meanwhile, and complained', text: '#!/bin/sh\nprintf "#!/nowhere/x\\n" >"$0"\nno-such-tool\n' },
  { name: 'became another file meanwhile, in silence', text: '#!/bin/sh\nprintf "#!/nowhere/x\\n" >"$0"\nexit 127\n' },
])('a script that ran has no reason: it $name', async ({ text }) => {
  expect(await run(text)).toMatchObject({ state: 'exited', reason: null });
});

it('nor has one whose interpreter stands beside it', async () => {
  h.script('own-sh', '#!/bin/sh\nexec /bin/sh "$@"\n');
  expect(await run('#!./own-sh\necho worked\nno-such-tool --sync\n')).toMatchObject({ exit_code: 127, reason: null });
  expect(await run('#!own-sh\nno-such-tool --sync\n')).toMatchObject({ exit_code: 127, reason: null });
});

it.each([
  { text: '#!/bin/bash\r\necho hi\r\n', says: 'Windows line break' },
  { text: '#!/usr/bin/env bash\r\necho hi\r\n', says: 'Windows line break' },
  { text: '#!/bin/sh -e\r\necho hi\r\n', says: 'a part of its option' },
  { text: '#!/bin/bash -eu\r\necho hi\r\n', says: 'a part of its option' },
  { text: '\ufeff#!/usr/bin/env python3\nimport os\nprint("hi")\n', says: 'byte order mark' },
  { text: '\ufeff#!/bin/bash\necho hi\n', says: 'byte order mark' },
  { text: '#!/nowhere/interpreter\n', says: '/nowhere/interpreter' },
  { text: '#!tools/none\n', says: 'tools/none' },
  { text: '#!/usr/bin/env no-such-program\n', says: 'no-such-program' },
  { text: '\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x16\0', says: 'is a program for' },
  { text: `#!/bin/${'x'.repeat(300)}\necho hi\n`, says: 'first 255 bytes' },
])('one that could not be started has one: $says', async ({ text, says }) => {
  expect(await run(text)).toMatchObject({ state: 'exited', reason: expect.stringContaining(says) });
});
