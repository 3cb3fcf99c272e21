import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Job } from '../../shared/workflows.ts';
import { makeWorkflows, type WorkflowsHarness } from './workflows-harness.ts';

/** What a step gives on: its line `OUTPUT:` or its file, whichever way it is written, and however hostile it is. */

const KIB = 1024;

/** Scripts, and what comes of each: an output, or a part of the sentence with which the step fails. */
const SCRIPTS: Record<string, { script: string; output?: unknown; error?: string }> = {
  nothing: { script: 'echo hello', output: null },
  'the last of several lines': { script: `echo 'OUTPUT: {"n":1}'; echo 'OUTPUT: {"n":2}'; echo bye`, output: { n: 2 } },
  'a line without an end': { script: `printf 'OUTPUT: [1, 2]'`, output: [1, 2] },
  'a line of Windows': { script: `printf 'OUTPUT: {"n":1}\\r\\n'`, output: { n: 1 } },
  'a line that is no JSON is a line': { script: `echo 'OUTPUT: {"n":1}'; echo 'OUTPUT: well, this'`, output: { n: 1 } },
  'a line of standard error is none': { script: `echo 'OUTPUT: {"n":1}' >&2`, output: null },
  'the file goes before the line': {
    script: `echo '{"from":"file"}' > "$TORU_OUTPUT"; echo 'OUTPUT: {"from":"line"}'`,
    output: { from: 'file' },
  },
  'an empty file says nothing': { script: `: > "$TORU_OUTPUT"; echo 'OUTPUT: 7'`, output: 7 },
  'a file that is no JSON': { script: 'echo "{broken" > "$TORU_OUTPUT"', error: 'Its $TORU_OUTPUT is no JSON. Write one value, such as' },
  'a file that is too large': {
    script: `{ printf '"'; head -c ${256 * KIB} /dev/zero | tr '\\0' x; printf '"'; } > "$TORU_OUTPUT"`,
    error: 'larger than 256 KiB. Put what is larger into $TORU_ARTIFACTS',
  },
  'a link in the place of the file': { script: 'rm "$TORU_OUTPUT"; ln -s /etc/passwd "$TORU_OUTPUT"', error: 'is no file any more' },
  'a pipe in its place': { script: 'rm "$TORU_OUTPUT"; mkfifo "$TORU_OUTPUT"', error: 'is no file any more' },
  'no file any more': { script: `rm "$TORU_OUTPUT"; echo 'OUTPUT: 8'`, output: 8 },
  'a line that is too large': {
    script: `printf 'OUTPUT: "'; head -c ${300 * KIB} /dev/zero | tr '\\0' x; printf '"\\n'; echo after`,
    error: 'line OUTPUT is larger than 256 KiB. Put what is larger into $TORU_ARTIFACTS',
  },
  'a line of many reads, which has no end': {
    script: `printf 'STATE: "'; head -c ${2048 * KIB} /dev/zero | tr '\\0' x`,
    error: 'line STATE is larger than 256 KiB',
  },
  'a line that is no word, however long': {
    script: `head -c ${2048 * KIB} /dev/zero | tr '\\0' x; echo; echo 'OUTPUT: 3'`,
    output: 3,
  },
  'a line as deep as a well': {
    script: `printf 'OUTPUT: '; head -c 120000 /dev/zero | tr '\\0' '['; head -c 120000 /dev/zero | tr '\\0' ']'; echo`,
    error: 'nested at most 64 deep',
  },
  'a file as deep as a well': {
    script: `{ head -c 120000 /dev/zero | tr '\\0' '['; head -c 120000 /dev/zero | tr '\\0' ']'; } > "$TORU_OUTPUT"`,
    error: 'nested at most 64 deep',
  },
  'a key that JavaScript has a meaning for': {
    script: `echo 'OUTPUT: {"__proto__": {"polluted": 1}, "n": 1}'`,
    output: expect.objectContaining({ n: 1 }),
  },
  'state as deep as a well': {
    script: `printf 'STATE: {"a":'; head -c 120000 /dev/zero | tr '\\0' '['; head -c 120000 /dev/zero | tr '\\0' ']'; echo '}'`,
    error: 'nested at most 64 deep',
  },
};

let flow: WorkflowsHarness;
let job: Job;
const names = Object.keys(SCRIPTS);
beforeAll(async () => {
  flow = await makeWorkflows();
  const steps = names.map(
    (name, at) => `      s${at}: { type: script, script: ${JSON.stringify(SCRIPTS[name]?.script)}, continue_on_failure: true }`,
  );
  flow.write('steps.yaml', `tasks:\n  t:\n    flow:\n${steps.join('\n')}\n`);
  await flow.load();
  job = await flow.ended(await flow.execute('t'));
}, 120_000);
afterAll(() => flow.close());

test.each(names)('%s', (name) => {
  const step = job.steps[names.indexOf(name)];
  const { output, error } = SCRIPTS[name] ?? {};
  expect({ state: step?.state, error: step?.error ?? null }).toEqual({
    state: error === undefined ? 'completed' : 'failed',
    error: error === undefined ? null : expect.stringContaining(error),
  });
  if (error === undefined) expect(step?.output).toEqual(output);
  expect(Object('').polluted).toBeUndefined();
});

test('the job has ended, and its list and its page are read', async () => {
  expect(job.state).toBe('completed');
  expect((await flow.ask(flow.admin, 'GET', '/api/jobs')).status).toBe(200);
  expect((await flow.ask(flow.admin, 'GET', `/api/jobs/${job.job_id}`)).status).toBe(200);
});
