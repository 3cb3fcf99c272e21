import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ranCommand } from '../captured-io-harness.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'toru-hooks-'));
  mkdirSync(join(home, 'bin'));
  // Stands for the command: notes what it is called with.
  writeFileSync(
    join(home, 'bin', 'toru'),
    `#!/bin/sh\nfor a in "$@"; do printf '<%s>' "$a"; done >> ${home}/called\necho >> ${home}/called\n`,
    {
      mode: 0o755,
    },
  );
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const toru = (...args: string[]) => ranCommand(args, { HOME: home, PATH: join(home, 'bin') });

describe('claude', () => {
  const file = (): string => join(home, '.claude', 'settings.json');
  const theirs = {
    model: 'opus',
    hooks: {
      Stop: [{ hooks: [{ type: 'command', command: 'say done' }] }],
      PreToolUse: [{ matcher: 'Bash', hooks: [{ type: 'command', command: 'check', timeout: 3 }] }],
      Strange: [null, 'odd'],
    },
    permissions: { allow: ['Read'] },
  };
  const begin = (text: string): void => {
    mkdirSync(join(home, '.claude'));
    writeFileSync(file(), text, { mode: 0o640 });
  };

  test('is added to what stands there, twice is as once, and goes without a trace', async () => {
    const before = `${JSON.stringify(theirs, null, 4)}\n`;
    begin(before);
    expect((await toru('hook', 'install', 'claude')).code).toBe(0);
    const once = readFileSync(file(), 'utf8');
    expect(JSON.parse(once)).toMatchObject({ model: 'opus', permissions: theirs.permissions });
    expect(JSON.parse(once).hooks.Stop).toMatchObject([theirs.hooks.Stop[0], { hooks: [{ type: 'command', timeout: 5 }] }]);
    expect(Object.keys(JSON.parse(once).hooks).sort()).toEqual(
      ['Notification', 'PermissionRequest', 'PostToolUse', 'PreToolUse', 'Stop', 'Strange', 'UserPromptSubmit'].sort(),
    );
    expect((await toru('hook', 'install', 'claude')).out).toContain('already');
    expect(readFileSync(file(), 'utf8')).toBe(once);
    expect(statSync(file()).mode & 0o777).toBe(0o640);
    expect((await toru('hook', 'list')).out).toMatch(/claude +installed/);
    await toru('hook', 'remove', 'claude');
    expect(readFileSync(file(), 'utf8')).toBe(before);
  });

  test('a dry run writes nothing, a missing file is made, and a link stays one', async () => {
    expect(JSON.parse((await toru('hook', 'install', 'claude', '--dry-run')).out).hooks.Stop).toHaveLength(1);
    expect(statSync(file(), { throwIfNoEntry: false })).toBeUndefined();
    mkdirSync(join(home, '.claude'));
    writeFileSync(join(home, 'dotfile'), '{}');
    symlinkSync(join(home, 'dotfile'), file());
    await toru('hook', 'install', 'claude');
    expect(readFileSync(join(home, 'dotfile'), 'utf8')).toContain('PermissionRequest');
    rmSync(file());
    await toru('hook', 'install', 'claude');
    expect(readFileSync(file(), 'utf8')).toContain('PermissionRequest');
  });

  test('what is no JSON is left alone', async () => {
    begin('{ "model": ');
    expect(await toru('hook', 'install', 'claude')).toMatchObject({ code: 125, err: expect.stringContaining('nothing was changed') });
    expect(readFileSync(file(), 'utf8')).toBe('{ "model": ');
  });

  test('each hook says its word inside a terminal of Toru, and nothing outside; it prints nothing and never fails', async () => {
    await toru('hook', 'install', 'claude');
    const { hooks } = JSON.parse(readFileSync(file(), 'utf8'));
    const run = (command: string, env: Record<string, string>): string =>
      execFileSync('/bin/sh', ['-c', command], { env: { PATH: `${home}/bin:/bin:/usr/bin`, ...env }, encoding: 'utf8' });
    for (const [event, state] of [
      ['UserPromptSubmit', 'working'],
      ['PermissionRequest', 'needs-input'],
      ['Stop', 'done'],
    ] as const) {
      rmSync(join(home, 'called'), { force: true });
      expect(run(hooks[event][0].hooks[0].command, {})).toBe('');
      expect(statSync(join(home, 'called'), { throwIfNoEntry: false })).toBeUndefined();
      expect(run(hooks[event][0].hooks[0].command, { TORU_TERMINAL_TOKEN: 'x' })).toBe('');
      expect(readFileSync(join(home, 'called'), 'utf8')).toBe(`<status><${state}>\n`);
    }
    writeFileSync(join(home, 'bin', 'toru'), '#!/bin/sh\nexit 125\n', { mode: 0o755 });
    expect(run(hooks.Stop[0].hooks[0].command, { TORU_TERMINAL_TOKEN: 'x' })).toBe('');
    expect(hooks.Notification.map(({ matcher }: { matcher: string }) => matcher)).toEqual([
      'permission_prompt|elicitation_dialog',
      'idle_prompt',
    ]);
  });
});

describe('codex', () => {
  const file = (): string => join(home, '.codex', 'config.toml');
  const begin = (text: string): void => {
    mkdirSync(join(home, '.codex'));
    writeFileSync(file(), text);
  };

  test.each([
    ['an empty file', '', null],
    ['tables alone', '# mine\n[tui]\nnotifications = true\n', null],
    ['a program of theirs', 'model = "x"\nnotify = ["python3", "/a b/n.py"] # theirs\n\n[tui]\nnotify = 3\n', ['python3', '/a b/n.py']],
    ['one of several lines', 'notify = [\n  "n", # a ] in a comment\n  "]",\n]\nmodel = "x"\n', ['n', ']']],
  ])('%s: is added, twice is as once, and goes again', async (_, text, theirs) => {
    begin(text);
    expect((await toru('hook', 'install', 'codex')).code).toBe(0);
    const once = readFileSync(file(), 'utf8');
    expect(parse(once)['notify']).toEqual(['toru', 'hook', 'event', 'codex', ...(theirs === null ? [] : ['--', ...theirs])]);
    await toru('hook', 'install', 'codex');
    expect(readFileSync(file(), 'utf8')).toBe(once);
    await toru('hook', 'remove', 'codex');
    expect(parse(readFileSync(file(), 'utf8'))).toEqual(parse(text));
  });

  test('what is no TOML is left alone', async () => {
    begin('notify = [');
    expect(await toru('hook', 'install', 'codex')).toMatchObject({ code: 125, err: expect.stringContaining('nothing was changed') });
  });

  test('the program that stood there is started with the event', async () => {
    const event = '{"type":"agent-turn-complete","turn-id":"1"}';
    expect((await toru('hook', 'event', 'codex', '--', join(home, 'bin', 'toru'), 'theirs', event)).code).toBe(0);
    expect(readFileSync(join(home, 'called'), 'utf8')).toBe(`<theirs><${event}>\n`);
    expect((await toru('hook', 'event', 'codex', event)).code).toBe(0);
  });
});
