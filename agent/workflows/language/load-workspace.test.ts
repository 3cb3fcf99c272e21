import { describe, expect, test } from 'vitest';
import { loadWorkspace } from './load-workspace.ts';
import { problemLine } from './problem.ts';

const load = (text: string, ...more: string[]) =>
  loadWorkspace([text, ...more].map((each, at) => ({ path: `${'abc'[at]}.yaml`, text: each })));
const lines = (text: string, ...more: string[]) => load(text, ...more).problems.map(problemLine);

/** A workspace of one task `t` with this flow, indented by six. */
const flow = (steps: string) => `actions: { a: { type: noop } }\ntasks:\n  t:\n    flow:\n${steps.replace(/^/gm, '      ')}\n`;

describe('what is read', () => {
  test('every spelling comes to one form', () => {
    const { definitions, problems } = load(`
secrets: { KEY: '{{ env.KEY }}' }
connection_types:
  db: { properties: { host: { type: string, required: true }, tls: { type: bool } } }
connections:
  main: { type: db, host: db.example.org }
actions:
  old: { type: shell, cmd: echo, timeout: 1h30m, env: { PORT: 8080 } }
  ts: { type: script, language: ts, script: 'let x', retry: { delay: 10 } }
  py: { type: script, language: python, source: a.py, input: { db: { type: db }, on: { type: bool, default: false } } }
tasks:
  t:
    mode: distributed
    timeout: '300'
    flow:
      one: { action: old, depends_on: [], when: true }
      two: { type: script, script: 'echo 2', depends_on: one, name: Second, timeout: 5m }
    on_suspended: [{ action: old }]
triggers:
  night: { type: scheduler, cron: '0 2 * * *', task: t, catch_up_window: 2h, jitter: 1m }
`);
    expect(problems).toEqual([]);
    expect(definitions).toMatchObject({
      connection_types: { db: { host: { type: 'string' }, tls: { type: 'boolean' } } },
      actions: {
        old: { type: 'script', code: { script: 'echo' }, timeout_s: 5400, env: { PORT: '8080' }, language: 'shell', runner: 'local' },
        ts: { language: 'typescript', retry: { delay_s: 10, max_attempts: 3 } },
        py: { code: { source: 'a.py' }, input: { on: { type: 'boolean', default: false } } },
        't.two': { type: 'script', code: { script: 'echo 2' } },
      },
      tasks: {
        t: {
          timeout_s: 300,
          flow: { one: { when: 'true' }, two: { action: 't.two', depends_on: ['one'], name: 'Second', timeout_s: 300 } },
        },
      },
      triggers: { night: { catch_up_window_s: 7200, jitter_s: 60, timezone: 'UTC', enabled: true } },
    });
  });

  test('files are merged, and their hooks are joined', () => {
    const { definitions } = load(
      'actions: { a: { type: noop } }\non_error: [{ action: a }]',
      '',
      'on_error: [{ action: a }]\ntasks: { t: { flow: { s: { action: a } } } }',
    );
    expect(definitions?.on_error).toHaveLength(2);
    expect(Object.keys(definitions?.tasks ?? {})).toEqual(['t']);
  });

  test('the steps keep the order of the file', () => {
    const { definitions } = load(flow('z: { action: a }\ny: { action: a }\nx: { action: a }'));
    expect(Object.keys(definitions?.tasks['t']?.flow ?? {})).toEqual(['z', 'y', 'x']);
  });

  test('a name with a dot is of somewhere else, and is told with its place', () => {
    const { problems, external } = load('tasks:\n  t:\n    flow:\n      s: { action: other.greet }\n');
    expect(problems).toEqual([]);
    expect(external).toEqual([{ name: 'other.greet', file: 'a.yaml', line: 4, column: 20 }]);
  });
});

test('what has a problem of its own is no missing name for others', () => {
  const { problems } = loadWorkspace([
    {
      path: 'a.yaml',
      text: [
        'connection_types: { db: { host: { type: string, nope: 1 } } }',
        'connections: { here: { type: db, host: x } }',
        'actions:',
        '  broken: { type: script }',
        '  asks: { type: script, script: "echo {{ input.n }}", input: { n: { type: string, nope: 1 } } }',
        'tasks:',
        '  used: { flow: { s: { action: broken } }, nope: 1 }',
        '  t:',
        '    flow:',
        '      one: { type: script }',
        '      two: { action: broken, depends_on: one, input: { x: "{{ one.output.a }}" } }',
        '      three: { action: asks, input: { n: x } }',
        '      four: { type: task, task: used }',
        '    on_error: [{ action: broken }]',
        'triggers:',
        '  n: { type: scheduler, cron: "0 3 * * *", task: used, input: { a: 1 } }',
        '',
      ].join('\n'),
    },
  ]);
  expect(problems.map(({ line, message }) => `${line} ${message}`)).toEqual([
    '1 “nope” is not known here.',
    '4 This script has no text.',
    '5 “nope” is not known here.',
    '7 “nope” is not known here.',
    '10 This script has no text.',
  ]);
});

describe('what is refused, and where', () => {
  const CASES: Record<string, [text: string, ...problems: string[]]> = {
    'a tab': ['actions:\n\ta: 1\n', 'a.yaml:2:1 A tab indents this line. YAML is indented by spaces.'],
    'two documents': ['actions: {}\n---\ntasks: {}\n', 'a.yaml:2:1 A second document begins here. One file holds one document'],
    'a key twice': [
      'actions:\n  a: { type: noop }\n  a: { type: noop }\n',
      'a.yaml:3:3 “a” is written twice here; the first one is on line 2.',
    ],
    'a tag of somebody': ['actions:\n  a: !!python/object x\n', 'a.yaml:2:'],
    'a merge key': ['x: &x { type: noop }\nactions:\n  a:\n    <<: *x\n', 'a.yaml:4:5 “<<” is not part of the language.'],
    'an unknown section': ['action:\n  a: { type: noop }\n', 'a.yaml:1:1 “action” is not known here. Did you mean “actions”?'],
    'a list for a map': ['tasks:\n  - name: t\n', 'a.yaml:2:3 “tasks”: a map is expected.'],
    'no type': ['actions:\n  a: { script: x }\n', 'a.yaml:2:3 “type” is missing. Write type: script, docker, pod, task or approval.'],
    'a type that is near': ['actions:\n  a: { type: scrip }\n', 'a.yaml:2:14 “scrip” is no type of an action. Did you mean “script”?'],
    'an image on a script': [
      'actions:\n  a: { type: script, script: x, image: y }\n',
      'a.yaml:2:33 “image” is not known here. A script has no image: write `type: docker`',
    ],
    'an LLM': ['actions:\n  a: { type: agent, prompt: hi }\n', 'a.yaml:2:14 An LLM as a step (`type: agent`) is not part of Toru.'],
    'an event source': ['triggers:\n  q: { type: event_source, task: t }\n', 'a.yaml:2:14 Event sources are not part of Toru.'],
    'two texts of a script': [
      'actions:\n  a: { type: script, script: x, source: y }\n',
      'a.yaml:2:33 A script has one of “script”, “cmd” and “source”',
    ],
    'a file outside': ['actions:\n  a: { type: script, source: ../x }\n', 'a.yaml:2:30 “../x” is not in the workspace.'],
    'packages of a shell script': [
      'actions:\n  a: { type: script, script: x, dependencies: [y] }\n',
      'a.yaml:2:33 “dependencies” need a `language` other than shell.',
    ],
    'a manifest without a pod': [
      'actions:\n  a: { type: script, script: x, manifest: {} }\n',
      'a.yaml:2:33 “manifest” needs `runner: pod`.',
    ],
    'a duration of words': ['actions:\n  a: { type: noop, timeout: 5 minutes }\n', 'a.yaml:2:29 “timeout”: a duration is expected'],
    'a step that lasts too long': ['actions:\n  a: { type: noop, timeout: 25h }\n', 'a.yaml:2:29 “timeout”: from 1s to 1d is expected.'],
    'too many attempts': [
      'actions:\n  a: { type: noop, retry: { max_attempts: 11 } }\n',
      'a.yaml:2:43 “max_attempts”: at most 10 is expected.',
    ],
    'no flow': ['tasks:\n  t: { name: T }\n', 'a.yaml:2:3 “flow” is missing.'],
    'an empty flow': ['tasks:\n  t: { flow: {} }\n', 'a.yaml:2:14 This task has no step.'],
    'a step with a bracket': [flow('s[0]: { action: a }'), 'a.yaml:5:7 “s[0]” can’t be the name of a step.'],
    'a step without work': [flow('s: { name: x }'), 'a.yaml:5:7 This step has nothing to run.'],
    'a step with two actions': [flow('s: { action: a, type: noop }'), 'a.yaml:5:23 A step names its action or holds one; here are both.'],
    'an unknown action': [flow('s: { action: b }'), 'a.yaml:5:20 There is no action “b”. Did you mean “a”?'],
    'an unknown step': [
      flow('one: { action: a }\ntwo: { action: a, depends_on: [ome] }'),
      'a.yaml:6:38 There is no step “ome” in this task. Did you mean “one”?',
    ],
    'a step that waits for itself': [flow('one: { action: a, depends_on: [one] }'), 'a.yaml:5:38 The step “one” depends on itself.'],
    'a cycle': [
      flow(
        'x: { action: a }\none: { action: a, depends_on: [x, three] }\ntwo: { action: a, depends_on: [one] }\nthree: { action: a, depends_on: [two] }',
      ),
      'a.yaml:6:41 These steps wait for each other: one → three → two → one.',
    ],
    'two steps of one name': [
      flow('a-b: { action: a }\na_b: { action: a }'),
      'a.yaml:6:7 The steps “a-b” and “a_b” have the same name in templates, a_b.',
    ],
    'a step with a name of the language': [flow('input: { action: a }'), 'a.yaml:5:7 A step can’t be called “input”'],
    'sequential alone': [flow('s: { action: a, sequential: true }'), 'a.yaml:5:23 “sequential” needs `for_each`.'],
    'another step’s own action': [
      flow('s: { type: noop }\nu: { action: t.s }'),
      'a.yaml:6:20 “t.s” is the action that is written in a step.',
    ],
    'an action in a hook': [
      'tasks:\n  t:\n    flow: { s: { type: noop } }\n    on_error:\n      - { type: noop }\n',
      'a.yaml:5:9 “action” is missing. Write “action:” with the name of an action.',
      'a.yaml:5:11 “type” is not known here. Write the action under `actions:`, and name it here by `action:`.',
    ],
    'a hook without an action': ['on_error:\n  - action: tell\n', 'a.yaml:2:13 There is no action “tell”. There are none yet.'],
    'an unknown task': [
      'actions:\n  a: { type: task, task: deplyo }\ntasks: { deploy: { flow: { s: { type: noop } } } }\n',
      'a.yaml:2:26 There is no task “deplyo”. Did you mean “deploy”?',
    ],
    'a task that starts itself': [
      'actions: { a: { type: task, task: u }, b: { type: task, task: t } }\ntasks:\n  t: { flow: { s: { action: a } } }\n  u: { flow: { s: { action: b } } }\n',
      'a.yaml:3:3 This task starts itself without an end: t → u → t.',
    ],
    'an input that the action has not': [
      'actions: { a: { type: noop, input: { name: { type: string } } } }\ntasks:\n  t:\n    flow:\n      s: { action: a, input: { nam: x } }\n',
      'a.yaml:5:32 “nam” is no input of the action “a”. Did you mean “name”?',
    ],
    'a type of input': [
      'actions:\n  a: { type: noop, input: { x: { type: strng } } }\n',
      'a.yaml:2:40 “strng” is neither a type of inputs nor a connection type. Did you mean “string”?',
    ],
    'a default of another type': [
      'actions:\n  a: { type: noop, input: { x: { type: integer, default: many } } }\n',
      'a.yaml:2:58 The default is not of the type integer.',
    ],
    'a default that is no option': [
      'actions:\n  a: { type: noop, input: { x: { type: string, options: [p, q], default: r } } }\n',
      'a.yaml:2:74 The default “r” is none of the options.',
    ],
    'several without options': [
      'actions:\n  a: { type: noop, input: { x: { type: string, multiple: true } } }\n',
      'a.yaml:2:48 “multiple” needs `options` to choose from.',
    ],
    'a connection without its host': [
      'connection_types: { db: { host: { type: string, required: true } } }\nconnections:\n  x: { type: db }\n',
      'a.yaml:3:3 The connection “x” lacks “host”',
    ],
    'a cron of four fields': [
      'tasks: { t: { flow: { s: { type: noop } } } }\ntriggers:\n  n: { type: scheduler, cron: 0 2 * *, task: t }\n',
      'a.yaml:3:31 “0 2 * *” has 4 fields.',
    ],
    'a cron that never comes': [
      'tasks: { t: { flow: { s: { type: noop } } } }\ntriggers:\n  n: { type: scheduler, cron: 0 2 30 2 *, task: t }\n',
      'a.yaml:3:31 “0 2 30 2 *” is a time that never comes.',
    ],
    'a cron beyond its field': [
      'tasks: { t: { flow: { s: { type: noop } } } }\ntriggers:\n  n: { type: scheduler, cron: 61 2 * * *, task: t }\n',
      'a.yaml:3:31 “61 2 * * *” is no cron expression:',
    ],
    'a time zone': [
      'tasks: { t: { flow: { s: { type: noop } } } }\ntriggers:\n  n: { type: scheduler, cron: 0 2 * * *, task: t, timezone: Europe/Kopenhagen }\n',
      'a.yaml:3:61 “Europe/Kopenhagen” is no time zone.',
    ],
    'two webhooks of one address': [
      'tasks: { t: { flow: { s: { type: noop } } } }\ntriggers:\n  n: { type: webhook, name: x, task: t }\n  m: { type: webhook, name: x, task: t }\n',
      'a.yaml:4:29 Another webhook is called “x”, in a.yaml:3:29.',
    ],
    'a signature without a secret': [
      'tasks: { t: { flow: { s: { type: noop } } } }\ntriggers:\n  n: { type: webhook, name: x, task: t, signature: github }\n',
      'a.yaml:3:41 A signature is verified with a secret.',
    ],
  };
  for (const [name, [text, ...expected]] of Object.entries(CASES)) {
    test(name, () => {
      const found = lines(text);
      for (const [at, line] of expected.entries()) expect(found[at] ?? '').toContain(line);
      expect(load(text).definitions).toBeNull();
    });
  }

  test('all problems of a workspace at once, in the order of its files and lines', () => {
    expect(
      lines('actions:\n  a: { type: noop, x: 1 }\n  b: { type: noop, y: 1 }\n', 'tasks:\n  t: { flow: { s: { action: none } } }\n'),
    ).toHaveLength(3);
  });

  test('a name that is defined in two files is told at both', () => {
    const found = lines('actions: { a: { type: noop } }', '\nactions:\n  a: { type: noop }\n');
    expect(found[0]).toContain('a.yaml:1:12 The action “a” is defined twice; the second time in b.yaml:3:3.');
    expect(found[1]).toContain('b.yaml:3:3 The action “a” is defined twice; the first time in a.yaml:1:12.');
  });

  test('a chain of tasks deeper than ten', () => {
    const names = Array.from({ length: 11 }, (_, at) => `t${at}`);
    const tasks = names.map(
      (name, at) => `  ${name}: { flow: { s: ${at === 10 ? '{ type: noop }' : `{ type: task, task: t${at + 1} }`} } }`,
    );
    expect(lines(`tasks:\n${tasks.join('\n')}\n`)).toEqual(['a.yaml:2:3 This task starts jobs 11 deep; 10 is the most.']);
    expect(lines(`tasks:\n${tasks.join('\n').replace('task: t1 ', 'task: t1, when: "{{ true }}" ')}\n`)).toEqual([]);
  });
});

describe('files that are meant to hurt', () => {
  test('more than 1 MiB is not read', () => {
    expect(lines(`# ${'x'.repeat(1024 * 1024)}`)[0]).toContain('a.yaml:1:1 The file is larger than 1 MiB.');
  });

  test('anchors that expand to gigabytes', () => {
    const levels = Array.from(
      { length: 12 },
      (_, at) =>
        `  v${at}: &v${at} [${
          at === 0
            ? '"xxxxxxxxxx"'
            : Array(10)
                .fill(`*v${at - 1}`)
                .join(', ')
        }]`,
    );
    expect(lines(`secrets:\n${levels.join('\n')}\n`)[0]).toMatch(/a\.yaml:\d+:\d+ The anchors of this file expand to more than 10 MB\./);
  });

  test('an anchor that holds itself', () => {
    expect(lines('secrets: &a { x: *a }\n')[0]).toContain('The anchor &a holds itself.');
  });

  test('thousands of brackets', () => {
    for (const text of ['['.repeat(1_000_000), '- '.repeat(500_000), '{ a: '.repeat(100_000), '? '.repeat(100_000)])
      expect(lines(text)[0]).toContain('a.yaml:1:1 The file is nested too deep.');
  });

  test('keys that JavaScript has a meaning for', () => {
    expect(lines('actions:\n  __proto__: { type: noop }\n')[0]).toContain('a.yaml:2:3 The key __proto__ is not allowed.');
    expect(lines(flow('s: { action: constructor }'))[0]).toContain('There is no action “constructor”.');
    expect(lines(flow('constructor: { action: a }'))).toEqual([]);
  });
});
