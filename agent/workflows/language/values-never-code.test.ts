import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ToruError } from '../../../shared/errors.ts';
import { action } from '../../../shared/flow/definition.ts';
import { hostileValues } from './hostile-values-harness.ts';
import type { ScriptAction } from './prepare-script.ts';
import { prepareScript } from './prepare-script.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'toru-values-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FULL = process.env['TORU_FAULTS'] === 'full';
const QUICK = process.env['TORU_TESTS'] === 'quick';
/** How many: at full size, among all tests, in the quick part. */
function scaled(full: number, short: number, quick: number): number {
  if (FULL) return full;
  return QUICK ? quick : short;
}
const SEED = 12;
/** Values a run takes at once: a process is dear, a value is not. */
const A_RUN = 40;
/** Programs that one process takes, one after another. */
const A_BATCH = 100;
/** What stands first in PATH may be a program that looks for a Python, and takes twenty times as long as that. */
const PYTHON = ['/usr/bin/python3', '/usr/local/bin/python3'].find((path) => existsSync(path)) ?? 'python3';

/** What an action gives its script beside the text. */
interface Given {
  args?: string[];
  env?: Record<string, string>;
}

function script(language: string, text: string, given: Given = {}): ScriptAction {
  const parsed = action.parse({ type: 'script', language, code: { script: text }, ...given });
  if (parsed.type !== 'script') throw new Error('no script');
  return parsed;
}

interface Ran {
  out: string;
  err: string;
}

function run(program: string[], language: string, text: string, input: Record<string, string>, given: Given = {}): Ran {
  const prepared = prepareScript(script(language, text, given), { input });
  const file = join(
    folder,
    `script${language === 'python' ? '.py' : language === 'shell' ? '.sh' : language === 'typescript' ? '.ts' : '.js'}`,
  );
  writeFileSync(file, prepared.text ?? '');
  const [command = '', ...args] = program;
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, LC_ALL: 'C.UTF-8', PYTHONIOENCODING: 'utf-8', ...prepared.env };
  const done = spawnSync(command, [...args, file, ...prepared.args], {
    cwd: folder,
    env,
    encoding: 'utf8',
    timeout: 300_000,
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64e6,
  });
  return { out: done.stdout, err: done.stderr };
}

const canary = (): string => join(folder, 'canary');

/** Run each file of their arguments as a program of its own, and print its name before. */
const RUN_EACH = {
  python: `import sys
for path in sys.argv[1:]:
    print(path, file=sys.stderr, flush=True)
    try:
        exec(compile(open(path, encoding='utf-8').read(), path, 'exec'), {'__name__': '__main__'})
    except BaseException:
        pass
`,
  javascript: `import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
for (const event of ['uncaughtException', 'unhandledRejection']) process.on(event, () => undefined);
for (const path of process.argv.slice(2)) {
  writeSync(2, path + '\\n');
  await import(pathToFileURL(path).href).catch(() => undefined);
}
`,
};

/** Programs whose processes are dear: many in one. One that ends its process, or never ends, is left out by the next. */
function runAll(program: string[], kind: keyof typeof RUN_EACH, extension: string, texts: readonly string[]): void {
  const runner = join(folder, kind === 'python' ? 'each.py' : 'each.mjs');
  writeFileSync(runner, RUN_EACH[kind]);
  const files = texts.map((text, at) => {
    const file = join(folder, `soup-${at}${extension}`);
    writeFileSync(file, text);
    return file;
  });
  const [command = '', ...args] = program;
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, LC_ALL: 'C.UTF-8', PYTHONIOENCODING: 'utf-8' };
  for (let from = 0; from < files.length; ) {
    const done = spawnSync(command, [...args, runner, ...files.slice(from)], {
      cwd: folder,
      env,
      encoding: 'utf8',
      timeout: 120_000,
      stdio: ['ignore', 'ignore', 'pipe'],
      maxBuffer: 64e6,
    });
    const begun = files.findLastIndex((file) => done.stderr.includes(`${file}\n`));
    if (begun < from) throw new Error(`no program ran: ${done.stderr.slice(0, 500)}`);
    from = begun + 1;
  }
  for (const file of files) rmSync(file);
}

interface ShellScript {
  text: string;
  env: Record<string, string>;
}

/** A word of a shell that is this text. */
const shellWord = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * Scripts of a shell, each in a process, an environment and a folder of its own, as a step has them. One shell starts them, one after the other:
 * that takes a tenth of the time that this process needs for it. One that does not end by itself is killed.
 */
async function runShells(shell: readonly string[], scripts: readonly ShellScript[]): Promise<void> {
  const within = mkdtempSync(join(folder, 'soups-'));
  const words = ['timeout', '-s', 'KILL', '20', ...shell].map(shellWord).join(' ');
  const lines = scripts.map(({ text, env }, at) => {
    const own = join(within, `${at}`);
    mkdirSync(own);
    const file = join(own, 'script.sh');
    writeFileSync(file, text);
    const values = Object.entries({ HOME: own, ...env }).map(([name, value]) => `${name}=${shellWord(value)}`);
    return `cd ${shellWord(own)} && ${values.join(' ')} ${words} ${shellWord(file)} </dev/null >/dev/null 2>&1\n: > ${shellWord(join(within, `${at}.ran`))}\n`;
  });
  const starter = join(within, 'starter.sh');
  writeFileSync(starter, lines.join(''));
  // The machine's own programs: what stands before them in PATH may look for a Python, and take twenty times as long.
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' };
  const child = spawn('/bin/sh', [starter], { cwd: within, env, stdio: ['ignore', 'ignore', 'inherit'] });
  await once(child, 'close');
  const ran = readdirSync(within).filter((name) => name.endsWith('.ran')).length;
  if (ran !== scripts.length) throw new Error(`${ran} of ${scripts.length} scripts ran`);
  rmSync(within, { recursive: true });
}

/** A word of a shell script, and what it is, for a value. */
type Form = [source: (value: string) => string, is: (value: string) => string];
const WORDS: Form[] = [
  [(v) => v, (v) => v],
  [(v) => `"${v}"`, (v) => v],
  [(v) => `'${v}'`, (v) => v],
  [(v) => `a${v}b`, (v) => `a${v}b`],
  [(v) => `"x ${v} 'y'"`, (v) => `x ${v} 'y'`],
  [(v) => `'x ${v} "$y"'`, (v) => `x ${v} "$y"`],
  [(v) => `--name=${v}`, (v) => `--name=${v}`],
  [(v) => `"${v}"'${v}'${v}`, (v) => v + v + v],
  [(v) => `"$(printf '%s.' ${v})"`, (v) => `${v}.`],
  [(v) => `"$(printf '%s.' "$(printf '%s,' '${v}')")"`, (v) => `${v},.`],
  [(v) => `"\\"${v}\\\\"`, (v) => `"${v}\\`],
  [(v) => `'it'\\''s ${v}'`, (v) => `it's ${v}`],
];

/** Commands that print a word. */
const PRINTS: ((word: string) => string)[] = [
  (w) => `printf '%s' ${w}`,
  (w) => `X=${w}; printf '%s' "$X"`,
  (w) => `export Y=${w}; sh -c 'printf %s "$Y"'`,
  (w) => `Z=${w} sh -c 'printf %s "$Z"'`,
  (w) => `show() { printf '%s' "$1"; }; show ${w}`,
  (w) => `for i in ${w}; do printf '%s' "$i"; done`,
  (w) => `case ${w} in *) printf '%s' ${w} ;; esac`,
  (w) => `[ -n x${w} ] && [ ${w} = ${w} ] && printf '%s' ${w}`,
  (w) => `if test ! ${w} = never-this; then printf '%s' ${w}; fi`,
  (w) => `set -- one ${w}; printf '%s' "$2"`,
  (w) => `printf '%s' ${w} > out.txt; cat out.txt`,
  (w) => `env Q=${w} sh -c 'printf %s "$Q"'`,
  (w) => `echo only >/dev/null; command_not_there ${w} 2>/dev/null || printf '%s' ${w}`,
];
const ARRAY = (w: string): string => `A=(one ${w} three); printf '%s' "\${A[1]}"`;
const BASH_PRINTS: ((word: string) => string)[] = [
  (w) => `[[ ${w} == ${w} ]] && printf '%s' ${w}`,
  (w) => `[[ -n x${w} && ! ( ${w} != ${w} ) ]] && printf '%s' ${w}`,
  ARRAY,
  (w) => `cat <<< ${w} | head -c -1`,
  (w) => `local_one() { local L=${w}; printf '%s' "$L"; }; local_one`,
];

/** What stands around a command. */
const AROUND: ((command: string) => string)[] = [
  (c) => c,
  (c) => `( ${c} )`,
  (c) => `{ ${c}; }`,
  (c) => `if true; then\n  ${c}\nelse echo no; fi`,
  (c) => `while :; do ${c}; break; done`,
  (c) => `case x in\n  (a|b) echo no ;;\n  x) ${c} ;;\nesac`,
  (c) => `( ${c} ) | cat`,
  (c) => `true && { ${c}; } || echo no`,
  (c) => `outer() {\n  # it's a "comment\n  ${c}\n}\nouter`,
  (c) => `printf '%s' "$( ${c}; printf .)"; printf '\\b'`,
  (c) => `cat <<'QUOTED'\n'"$(echo no)\nQUOTED\n${c}`,
  (c) => `! false && ( ( ${c} ) )`,
];

const holes = fc.record({
  word: fc.constantFrom(...WORDS),
  print: fc.integer({ min: 0, max: 1000 }),
  around: fc.constantFrom(...AROUND),
  outer: fc.constantFrom(...AROUND),
});

/** Where `sh` is dash, as in Debian, both are one shell. As `sh`, bash is another one. */
const IS_DASH = spawnSync('sh', ['-c', '[ "$(readlink -f "$(command -v sh)")" = "$(readlink -f "$(command -v dash)")" ]']).status === 0;
/** The shells of this machine. */
const SHELLS = [...(IS_DASH ? [] : [['sh']]), ['dash'], ['bash'], ['busybox', 'sh']].filter(
  ([name = '']) => spawnSync(name, name === 'busybox' ? ['true'] : ['-c', ':']).status === 0,
);

describe('values in shell scripts', () => {
  for (const shell of SHELLS) {
    test(`arrive unchanged in every place that is admitted, and are never run: ${shell.join(' ')}`, { timeout: 900_000 }, () => {
      const prints = shell[0] === 'bash' ? [...PRINTS, ...BASH_PRINTS] : PRINTS;
      const cases = fc.sample(fc.tuple(holes, hostileValues(canary())), { seed: SEED, numRuns: scaled(10_000, 400, 150) });
      for (let from = 0; from < cases.length; from += A_RUN) {
        const input: Record<string, string> = {};
        const wanted: string[] = [];
        const text = cases.slice(from, from + A_RUN).map(([{ word, print, ...frames }, value], at) => {
          let { around, outer } = frames;
          input[`v${at}`] = value;
          if (around === AROUND[9]) [outer, around] = [AROUND[9] ?? outer, AROUND[0] ?? around];
          // A here-document inside of "$(…)" is refused; bash 5.2 also misreads definitions of functions there.
          if (outer === AROUND[9] && around !== AROUND[0]) [outer, around] = [AROUND[9] ?? outer, AROUND[0] ?? around];
          // An array inside of "$(…)" is refused, too.
          if (outer === AROUND[9] && prints[print % prints.length] === ARRAY) outer = AROUND[1] ?? outer;
          const command = prints[print % prints.length]?.(word[0](`{{ input.v${at} }}`)) ?? '';
          const [framed, isBackspaced] = [outer(around(command)), [outer, around].filter((each) => each === AROUND[9]).length];
          const quoted = [outer, around].filter((each) => each === AROUND[10]).map(() => `'"$(echo no)\n`);
          wanted.push(`${quoted.join('')}${word[1](value)}${'.\b'.repeat(isBackspaced)}`);
          return `${framed}\nprintf '\\036'\n`;
        });
        const { out, err } = run(shell, 'shell', text.join(''), input);
        expect(existsSync(canary()), `canary with ${JSON.stringify(input)}`).toBe(false);
        expect(out.split('\u001e').slice(0, -1), err).toEqual(wanted);
      }
    });
  }

  test('in here-documents', { timeout: 900_000 }, () => {
    const all = fc.sample(hostileValues(canary()), { seed: SEED, numRuns: scaled(10_000, 100, 50) });
    for (const shell of SHELLS) {
      for (let from = 0; from < all.length; from += 400) {
        const values = all.slice(from, from + 400);
        const input = Object.fromEntries(values.map((value, at) => [`v${at}`, value]));
        const text = values
          .map(
            (_, at) =>
              `cat <<${at % 2 === 0 ? 'EOF' : '-EOF'}\na "{{ input.v${at} }}' $(printf %s '{{ input.v${at} }}.')b\n${at % 2 === 0 ? '' : '\t'}EOF\nprintf '\\036'\n`,
          )
          .join('');
        const { out, err } = run(shell, 'shell', text, input);
        expect(existsSync(canary())).toBe(false);
        expect(out.split('\u001e').slice(0, -1), err).toEqual(values.map((value) => `a "${value}' ${value}.b\n`));
      }
    }
  });

  test('as arguments and as variables', { timeout: 900_000 }, () => {
    const all = fc.sample(hostileValues(canary()), { seed: SEED, numRuns: scaled(10_000, 800, 200) });
    for (const shell of SHELLS) {
      for (let from = 0; from < all.length; from += 200) {
        const values = all.slice(from, from + 200);
        const input = Object.fromEntries(values.map((value, at) => [`v${at}`, value]));
        const names = values.map((_, at) => `GIVEN_${at}`);
        const { out, err } = run(
          shell,
          'shell',
          `printf '%s\\036' "$@"\n${names.map((name) => `printf '%s\\036' "$${name}"\n`).join('')}`,
          input,
          {
            args: values.map((_, at) => `{{ input.v${at} }}`),
            env: Object.fromEntries(names.map((name, at) => [name, `{{ input.v${at} }}`])),
          },
        );
        expect(existsSync(canary())).toBe(false);
        expect(out.split('\u001e').slice(0, -1), err).toEqual([...values, ...values]);
      }
    }
  });

  test('only numbers come where a shell computes', () => {
    for (const text of [
      'echo $((1 + {{ input.n }}))',
      'n={{ input.n }}\necho $((1 + n))',
      '[ "{{ input.n }}" -gt 4 ] && echo 6',
      'n="{{ input.n }}"; m=$n; [ 1 = 1 ] && echo $((m - -1))',
      'f() { echo $(( 6 )); }; f; : $(({{ input.n }}))',
    ]) {
      expect(run(['bash'], 'shell', text, { n: '5' }).out).toBe('6\n');
      expect(() => prepareScript(script('shell', text), { input: { n: 'a[$(touch x)]' } })).toThrow(/no whole number/);
    }
    expect(run(['bash'], 'shell', 'echo $((3 -{{ input.n }}))', { n: '-5' }).out).toBe('8\n');
    for (const n of fc.sample(hostileValues(canary()), { seed: SEED, numRuns: 10_000 })) {
      if (/^-?\d+$/.test(n)) continue;
      expect(() => prepareScript(script('shell', 'echo $((1 + {{ input.n }}))'), { input: { n } }), n).toThrow(/no whole number/);
    }
  });

  test('pieces of scripts in any order: what is admitted runs no value', { timeout: 3_600_000 }, async () => {
    const tokens = fc.constantFrom(
      ...[
        '\0',
        '\0',
        '\0',
        '\0',
        ' ',
        ' ',
        ' ',
        '\n',
        ';',
        '"',
        "'",
        '`',
        '\\',
        '$',
        '$(',
        ')',
        '(',
        '((',
        '))',
        '$((',
        '${',
        '}',
        '{ ',
        '[[ ',
        ' ]]',
        '[ ',
        ' ]',
        '#',
        '|',
        '||',
        '&&',
        '<',
        '>',
        '<<<',
        '<<EOF\n',
        '\nEOF\n',
        "<<'EOF'\n",
        '$x',
        '"$x"',
        '$1',
        'x=',
        'y=',
        '=',
        '~',
        '{a,',
        '!',
      ],
      ...[
        'echo ',
        'printf ',
        'printf %s ',
        'eval ',
        'sh -c ',
        'bash -c ',
        'bash ',
        'sh ',
        'cat ',
        'let ',
        'test ',
        'read x ',
        'declare ',
        'declare -i x; ',
        'local ',
        'export ',
        'unset ',
        'set ',
        'set -- ',
        'case ',
        ' in ',
        ';; ',
        'esac ',
        'if ',
        'then ',
        'fi ',
        'for x in ',
        'do ',
        'done ',
        'while ',
        'f() ',
        'f ',
        'xargs ',
        'env ',
        'command ',
        'exec ',
        'trap ',
        ' EXIT ',
        '. ',
        'source ',
        'true ',
        'sed ',
        'awk ',
        'find ',
        'python3 -c ',
        '-gt ',
        '-eq ',
        '-v ',
        '-n ',
        '== ',
        '=~ ',
        '${x:',
        '${x[',
        `\${a[0]}`,
        'a=(',
        '>f; ',
        'sh f ',
        '0',
        '1 ',
        '+',
      ],
    );
    const soups = fc.tuple(
      fc.array(tokens, { minLength: 3, maxLength: 14 }),
      fc.array(hostileValues(canary()), { minLength: 4, maxLength: 4 }),
    );
    const most = scaled(10_000, 60, 20);
    const admitted: (ShellScript & { source: string })[] = [];
    for (let seed = SEED; admitted.length < most; seed += 1) {
      for (const [pieces, [v0 = '', v1 = '', v2 = '', v3 = '']] of fc.sample(soups, { seed, numRuns: 2500 })) {
        if (!pieces.includes('\0') || admitted.length === most) continue;
        const source = pieces.map((piece, at) => (piece === '\0' ? `{{ input.v${at % 4} }}` : piece)).join('');
        try {
          const { text, env } = prepareScript(script('shell', source), { input: { v0, v1, v2, v3 } });
          admitted.push({ text: text ?? '', env, source });
        } catch (error) {
          if (!(error instanceof ToruError)) throw error;
        }
      }
    }
    for (let from = 0; from < admitted.length; from += A_BATCH) {
      const some = admitted.slice(from, from + A_BATCH);
      await Promise.all(SHELLS.map((shell) => runShells(shell, some)));
      if (!existsSync(canary())) continue;
      rmSync(canary());
      for (const one of some)
        for (const shell of SHELLS) {
          await runShells(shell, [one]);
          if (existsSync(canary())) throw new Error(`${shell.join(' ')}: a value was run in\n${JSON.stringify(one)}`);
        }
      throw new Error(`a value was run in one of\n${JSON.stringify(some)}`);
    }
  });

  test.each(SHELLS)('a script among many is run: what one of them makes is seen: %s', async (...shell) => {
    const env = { TORU_V1: `it's; touch ${canary()}`, TORU_V2: `touch ${canary()}` };
    await runShells(shell, [
      { text: 'exit 3', env },
      { text: 'if (', env },
      { text: 'kill -9 $$', env },
      { text: '"$TORU_V1"; "$TORU_V2"', env },
    ]);
    expect(existsSync(canary())).toBe(false);
    await runShells(shell, [
      { text: 'exit 3', env },
      { text: 'eval "$TORU_V2"', env },
    ]);
    expect(existsSync(canary())).toBe(true);
    rmSync(canary());
  });
});

const EXPRESSIONS: Record<'python' | 'javascript', ((v: string) => string)[]> = {
  python: [
    (v) => `show( ${v} )`,
    (v) => `x = ${v}\nshow(x)`,
    (v) => `show([1, ${v} ][1])`,
    (v) => `show({ ${v} : 1 } and ${v} )`,
    (v) => `# ${v}\nshow( ${v} ) # it's "${v}`,
    (v) => `show("${v}")`,
    (v) => `show('${v}')`,
    (v) => `show("""${v}""")`,
    (v) => `show('''a'${v}"""b'''[2:-4])`,
    (v) => `show(u'${v}')`,
    (v) => `show(f"{1}" and "${v}")`,
    (v) => `show(("x" "${v}")[1:])`,
    (v) => `show("\\\\${v}"[1:])`,
  ],
  javascript: [
    (v) => `show( ${v} )`,
    (v) => `{ const x = ${v} ; show(x) }`,
    (v) => `show([1, ${v} ][1])`,
    (v) => `show({ a: ${v} }.a)`,
    (v) => `/* ${v} */ show( ${v} ) // it's "${v}`,
    (v) => `show("${v}")`,
    (v) => `show('${v}')`,
    (v) => `show(/[/"'\`]/.test('x') || '${v}')`,
    (v) => `show(\`\${1}\` && "${v}")`,
    (v) => `show(4 / 2 && "${v}")`,
    (v) => `show("\\\\${v}".slice(1))`,
  ],
};
const NODE = [process.execPath];
const LANGUAGES = [
  { name: 'python', kind: 'python' as const, program: [PYTHON], head: 'import sys, json\ndef show(x): print(json.dumps(x))\n' },
  { name: 'javascript', kind: 'javascript' as const, program: NODE, head: 'function show(x) { console.log(JSON.stringify(x)) }\n' },
  {
    name: 'typescript',
    kind: 'javascript' as const,
    program: NODE,
    head: 'function show(x: unknown): void { console.log(JSON.stringify(x)) }\n',
  },
];

describe('values in Python, JavaScript and TypeScript', () => {
  for (const { name, kind, program, head } of LANGUAGES) {
    test(`arrive unchanged in every place that is admitted, and are never run: ${name}`, { timeout: 900_000 }, () => {
      const cases = fc.sample(fc.tuple(fc.constantFrom(...EXPRESSIONS[kind]), hostileValues(canary())), {
        seed: SEED,
        numRuns: scaled(10_000, 3000, 500),
      });
      for (let from = 0; from < cases.length; from += 500) {
        const some = cases.slice(from, from + 500);
        const input = Object.fromEntries(some.map(([, value], at) => [`v${at}`, value]));
        const text = head + some.map(([form], at) => `${form(`{{ input.v${at} }}`)}\n`).join('');
        const { out, err } = run(program, name, text, input);
        expect(existsSync(canary())).toBe(false);
        expect(
          out.split('\n').map((line) => (line === '' ? null : JSON.parse(line))),
          err,
        ).toEqual([...some.map(([, value]) => value), null]);
      }
    });

    test(`pieces of scripts in any order: what is admitted runs no value: ${name}`, { timeout: 900_000 }, () => {
      const common = [
        '\0',
        '\0',
        '\0',
        ' ',
        ' ',
        '\n',
        '"',
        "'",
        '`',
        '\\',
        '(',
        ')',
        '{',
        '}',
        '[',
        ']',
        ',',
        '+',
        '/',
        '*/',
        '/*',
        '//',
        '#',
        '"""',
        "'''",
        ';',
        '=',
        '.',
        'x',
        '1',
        'eval(',
        '${',
      ];
      const own =
        kind === 'python'
          ? ['f"', "f'", 'r"', 'b"', 'rb"', 'f"""', 'print(', 'exec(', 'import ', '%', '.format(', ':', 'lambda: ', 'u"']
          : [
              'console.log(',
              'import(',
              'require(',
              'import x from ',
              'return ',
              'new Function(',
              '=>',
              '<',
              '>',
              'String.raw`',
              'x=',
              '!',
              'typeof ',
              'setTimeout(',
            ];
      const soups = fc.sample(
        fc.tuple(fc.array(fc.constantFrom(...common, ...own), { minLength: 2, maxLength: 9 }), hostileValues(canary())),
        { seed: SEED, numRuns: FULL ? 60_000 : 1200 },
      );
      const most = scaled(10_000, 40, 25);
      const admitted: { text: string; source: string; value: string }[] = [];
      for (const [pieces, value] of soups) {
        if (!pieces.includes('\0')) continue;
        const source = pieces.map((piece) => (piece === '\0' ? '{{ input.v }}' : piece)).join('');
        try {
          admitted.push({ text: prepareScript(script(name, source), { input: { v: value } }).text ?? '', source, value });
        } catch {
          continue;
        }
        if (admitted.length >= most) break;
      }
      for (let from = 0; from < admitted.length; from += A_BATCH) {
        const some = admitted.slice(from, from + A_BATCH);
        runAll(
          program,
          kind,
          kind === 'python' ? '.py' : name === 'typescript' ? '.ts' : '.js',
          some.map(({ text }) => text),
        );
        if (existsSync(canary())) throw new Error(`a value was run in one of\n${JSON.stringify(some)}`);
      }
      expect(admitted.length).toBeGreaterThan(20);
    });
  }

  test('a program among many is run: what one of them makes is seen', () => {
    const touch = JSON.stringify(`touch ${canary()}`);
    const python = ['import os; os._exit(3)', '(', `import os; os.system(${touch})`];
    const node = ['process.exit(3)', '(', `process.getBuiltinModule('child_process').execSync(${touch})`];
    for (const [program, kind, extension, texts] of [
      [[PYTHON], 'python', '.py', python],
      [NODE, 'javascript', '.js', node],
      [NODE, 'javascript', '.ts', node],
    ] as const) {
      runAll([...program], kind, extension, texts);
      expect(existsSync(canary()), extension).toBe(true);
      rmSync(canary());
    }
  });

  test('values of every type are literals', () => {
    const value = { a: [1, -2.5, true, false, null, 'x"y'], __proto__x: { é: '\u2028' } };
    const text = 'import json\nprint(json.dumps( {{ input.v }} ))';
    const prepared = prepareScript(script('python', text), { input: { v: value } });
    writeFileSync(join(folder, 'literals.py'), prepared.text ?? '');
    expect(JSON.parse(spawnSync(PYTHON, [join(folder, 'literals.py')], { encoding: 'utf8' }).stdout)).toEqual(value);
    const js = prepareScript(script('javascript', 'console.log(JSON.stringify( {{ input.v }} ))'), { input: { v: value } });
    writeFileSync(join(folder, 'literals.js'), js.text ?? '');
    expect(JSON.parse(spawnSync(process.execPath, [join(folder, 'literals.js')], { encoding: 'utf8' }).stdout)).toEqual(value);
  });
});
