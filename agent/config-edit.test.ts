import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { setInConfigFile } from './config-edit.ts';
import { tempDir } from './users/fixture.ts';

const URL = 'https://toru.example.dev';

function homeWith(text: string, mode = 0o600): { home: string; file: string; read(): string } {
  const home = tempDir();
  const file = join(home, 'config.toml');
  writeFileSync(file, text, { mode });
  return { home, file, read: () => readFileSync(file, 'utf8') };
}

test.each([
  ['# mine\nlog_level = "warn" # loud\n', '# mine\nlog_level = "warn" # loud\nedge_url = "https://toru.example.dev"\n'],
  ['log_level = "warn"', 'log_level = "warn"\nedge_url = "https://toru.example.dev"\n'],
  ['edge_url = "https://old.dev" # here\nport = 1\n', 'edge_url = "https://toru.example.dev" # here\nport = 1\n'],
  ["  TORU_EDGE_URL='https://old.dev'\n", '  TORU_EDGE_URL="https://toru.example.dev"\n'],
  ['# edge_url = "no"\n"edge_url" = ""\n', '# edge_url = "no"\n"edge_url" = "https://toru.example.dev"\n'],
])('changes one line, and keeps the others and the comments: %j', (before, after) => {
  const { home, file, read } = homeWith(before.replace('port', 'steering_port'), 0o640);
  const undo = setInConfigFile(home, 'TORU_EDGE_URL', URL);
  expect(read()).toBe(after.replace('port', 'steering_port'));
  expect(statSync(file).mode & 0o777).toBe(0o640);
  undo();
  expect(read()).toBe(before.replace('port', 'steering_port'));
});

test('makes a file of its owner’s alone, and takes it away again', () => {
  const home = tempDir();
  const undo = setInConfigFile(home, 'TORU_EDGE_URL', URL);
  expect(readFileSync(join(home, 'config.toml'), 'utf8')).toBe('edge_url = "https://toru.example.dev"\n');
  expect(statSync(join(home, 'config.toml')).mode & 0o777).toBe(0o600);
  undo();
  expect(existsSync(join(home, 'config.toml'))).toBe(false);
});

test('changes the file that a link leads to, and leaves the link', () => {
  const { file, read } = homeWith('log_level = "warn"\n');
  const home = join(tempDir(), 'home');
  mkdirSync(home);
  symlinkSync(file, join(home, 'config.toml'));
  setInConfigFile(home, 'TORU_EDGE_URL', URL);
  expect(read()).toContain(URL);
});

test.each([
  ['port =', /is not TOML/],
  ['admin_password = """\nedge_url = "x"\n"""\n', /Write there: edge_url = "https:/],
  ['edge_url = """https://old.dev"""\n', /Write there: edge_url = "https:/],
])('leaves a file alone that it can’t change: %j', (text, says) => {
  const { home, read } = homeWith(text);
  expect(() => setInConfigFile(home, 'TORU_EDGE_URL', URL)).toThrow(says);
  expect(read()).toBe(text);
});
