import { describe, expect, test } from 'vitest';
import { loadWorkspace } from './load-workspace.ts';
import { problemLine } from './problem.ts';

const lines = (text: string) => loadWorkspace([{ path: 'a.yaml', text }]).problems.map(problemLine);

describe('names in templates', () => {
  const task = (step: string, more = '') =>
    `tasks:\n  t:\n    input: { name: { type: string } }\n    flow:\n      one: { type: noop }\n      two-b: { type: noop }\n      s: ${step}\n${more}`;
  const CASES: Record<string, [text: string, problem: string | null]> = {
    'an input': [task("{ type: noop, when: '{{ input.name }}' }"), null],
    'an input that is not declared': [
      task("{ type: noop, when: '{{ input.nam }}' }"),
      'a.yaml:7:34 There is no input “nam” here. Did you mean “name”?',
    ],
    'one with a default': [task("{ type: noop, when: '{{ input.nam | default(value=1) }}' }"), null],
    'a step before': [task("{ type: noop, depends_on: [two-b], input: { x: '{{ two_b.output.y }}' } }"), null],
    'a step that is not before': [
      task("{ type: noop, depends_on: [one], input: { x: '{{ two_b.output.y }}' } }"),
      'a.yaml:7:59 The step “two-b” may not have ended here. Add it to `depends_on` of this step.',
    ],
    'a step that is not': [
      task("{ type: noop, depends_on: [one], when: '{{ on.output.y == 1 }}' }"),
      'a.yaml:7:53 “on” is not known here. Did you mean “one”?',
    ],
    'each without a loop': [
      task("{ type: noop, input: { x: '{{ each.item }}' } }"),
      'a.yaml:7:40 “each” is known in a step with `for_each` alone.',
    ],
    'each in a loop': [task("{ type: noop, for_each: [1], input: { x: '{{ each.item }}' } }"), null],
    'a secret in a condition': [task("{ type: noop, when: '{{ secret.KEY }}' }"), 'a.yaml:7:34 “secret” can’t be named here.'],
    'hook outside': [task("{ type: noop, input: { x: '{{ hook.status }}' } }"), 'a.yaml:7:40 “hook” is known in the input of hooks alone.'],
    'env outside': [task("{ type: noop, input: { x: '{{ env.HOME }}' } }"), 'a.yaml:7:40 “env” is known under `secrets:` alone.'],
    'braces without an end': [task("{ type: noop, input: { x: 'a {{ input.name' } }"), 'a.yaml:7:'],
    'a place in a block': [
      'actions:\n  a:\n    type: script\n    input: { x: { type: string } }\n    script: |\n      echo one\n        echo "{{ input.y }}"\n',
      'a.yaml:7:18 There is no input “y” here.',
    ],
    'a webhook’s body': [
      "tasks: { t: { flow: { s: { type: noop, when: '{{ input.body.ref }}' } } } }\ntriggers: { w: { type: webhook, name: w, task: t } }\n",
      null,
    ],
  };
  const variable = (name: string): string => `actions: { a: { type: script, script: x, env: { ${name}: '{{ input.x }}' } } }\n`;
  // One of each family: who runs its value, or fetches code from where it says.
  for (const name of 'PATH BASH_ENV PS4 LD_PRELOAD GCONV_PATH PYTHONPATH NODE_OPTIONS PERL5OPT GIT_SSH_COMMAND LESSOPEN PIP_INDEX_URL UV_DEFAULT_INDEX npm_config_registry NPM_CONFIG_IGNORE_SCRIPTS GOFLAGS GOPROXY CARGO_HOME RUSTC_WRAPPER CC MAKEFLAGS XDG_CONFIG_HOME TAR_OPTIONS TORU_HOME'.split(
    ' ',
  ))
    CASES[`a value in ${name}`] = [variable(name), 'A value can’t be put into this variable'];
  for (const name of 'NAME path PGPASSWORD AWS_SECRET_ACCESS_KEY GH_TOKEN NPM_TOKEN CARGO_REGISTRY_TOKEN GOAL CCC'.split(' '))
    CASES[`a value in ${name}`] = [variable(name), null];
  for (const [name, [text, problem]] of Object.entries(CASES)) {
    test(name, () => {
      const found = lines(text);
      if (problem === null) expect(found).toEqual([]);
      else expect(found[0] ?? '').toContain(problem);
    });
  }
});

describe('values in scripts', () => {
  const script = (text: string, language = 'shell') =>
    lines(`actions:\n  a:\n    type: script\n    language: ${language}\n    script: ${JSON.stringify(text)}\n`);
  const V = '{{ input.v }}';
  const REFUSED: Record<string, string[]> = {
    shell: [
      `eval "echo ${V}"`,
      `sh -c "echo ${V}"`,
      `bash -c 'echo ${V}'`,
      `X=${V}; bash -c "echo $X"`,
      `ssh host "ls ${V}"`,
      `echo ${V} | sh`,
      `cat <<EOF | bash\n${V}\nEOF`,
      `cat <<'EOF'\n${V}\nEOF`,
      `bash <<EOF\n${V}\nEOF`,
      `\`echo ${V}\``,
      `echo \${x:-${V}}`,
      `${V} --version`,
      `sudo ${V}`,
      `case x in ${V}) ;; esac`,
      `case ${V} in a) ;; $(echo ${V})) ;; esac`,
      `echo \\${V}`,
      `echo "$${V}"`,
      `printf "${V}"`,
      `sed "s/a/${V}/"`,
      `awk '{ print "${V}" }'`,
      `trap "rm ${V}" EXIT`,
      `find . ${V}`,
      `xargs ${V}`,
      `alias x=y; echo ${V}`,
      `unset ${V}`,
      `read ${V}`,
      `declare -i n=${V}`,
      `[ ${V} ${V} ]`,
      `[[ -v ${V} ]]`,
      `echo $(( $(echo ${V}) ))`,
      `a[${V}]=1`,
      `. ${V}`,
      `source ${V}`,
      `python3 -c "print('${V}')"`,
      `docker exec app sh -c "${V}"`,
      `echo ${V} > x.sh; sh x.sh`,
      `echo <(echo ${V})`,
      `#!/usr/bin/perl\nprint "${V}"`,
      `f() { eval "$1"; }; f ${V}`,
      `f() { bash -c "$1"; }; f ${V}`,
      `psql <<EOF\nselect '${V}'\nEOF`,
      `env -S ${V}`,
      `env ${V} x`,
      `exec ${V}`,
      `timeout ${V} x`,
      `"$CMD" ${V}`,
      `echo "unclosed ${V}`,
      `echo $'${V}'`,
      `{% if input.a %}"{% endif %}${V}`,
    ],
    python: [
      `f"${V}"`,
      `r"${V}"`,
      `b"${V}"`,
      `eval("${V}")`,
      `exec( ${V} )`,
      `import os; os.system("ls ${V}")`,
      `x${V}`,
      `"${V}".format(1)`,
      `"${V}" % 1`,
      `"\\${V}"`,
      `f'{x} ${V}'`,
      `# coding: utf-7\nx = ${V}`,
    ],
    javascript: [
      `\`${V}\``,
      `\`\${ ${V} }\``,
      `/${V}/`,
      `eval("${V}")`,
      `new Function( ${V} )`,
      `import( ${V} )`,
      `import x from "${V}"`,
      `x${V}`,
      `"\\${V}"`,
      `require( ${V} )`,
      `(1) / ${V} /2`,
    ],
    typescript: [`const x: string = \`${V}\``],
    go: [`fmt.Println("${V}")`],
  };
  for (const [language, texts] of Object.entries(REFUSED))
    for (const text of texts)
      test(`refused in ${language}: ${text.replaceAll('\n', '⏎')}`, () => {
        expect(script(text, language)[0] ?? '').toMatch(/^a\.yaml:5:\d+ A value can’t be put here: .*`env:`.*\$TORU_INPUTS/);
      });

  test('the place is that of the braces', () => {
    const text = 'actions:\n  a:\n    type: script\n    script: |\n      echo "fine {{ input.v }}"\n      eval "{{ input.v }}"\n';
    expect(lines(text).map((line) => line.split(' ')[0])).toEqual(['a.yaml:5:18', 'a.yaml:6:13']);
  });

  test('common scripts are admitted', () => {
    for (const text of [
      `set -euo pipefail\ncd "$(dirname "$0")"\ntar czf "/backup/${V}.tgz" ${V}\nif [ -n "${V}" ]; then echo "${V}" >&2; fi`,
      `for d in a b; do rsync -a "$d" "${V}:/x/$d"; done\necho 'OUTPUT: {"x": "${V}"}'`,
      `curl -fsS -H "X: ${V}" "https://x/${V}" | jq .a`,
      `n=$(( 1 + ${V} ))\n[ "$n" -gt 4 ] && echo ${V}`,
    ])
      expect(script(text)).toEqual([]);
  });
});
