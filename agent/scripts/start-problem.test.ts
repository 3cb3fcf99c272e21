import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startProblem } from './start-problem.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toru-start-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string | Buffer, mode = 0o755): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const PATH = '/usr/bin:/bin';
const problem = (text: string | Buffer): string | null => {
  const found = startProblem(write('it.sh', text), PATH);
  return found === null || found === 'gone' ? found : found.message;
};

it('finds nothing wrong with what starts', () => {
  write('tools/sh', '#!/bin/sh\nexec /bin/sh "$@"\n');
  for (const first of [
    '#!/bin/sh',
    '#! /bin/sh -e',
    '#!/usr/bin/env sh',
    '#!/usr/bin/env -S sh -e',
    '#!/usr/bin/env -S A=b sh',
    '#!tools/sh',
    '',
    '#!',
  ])
    expect(problem(`${first}\necho hi\n`), first).toBeNull();
  expect(problem('')).toBeNull();
  expect(problem(readFileSync(process.execPath).subarray(0, 100_000))).toBeNull();
  expect(startProblem(join(folder, 'nowhere'), PATH)).toBe('gone');
});

it('names what keeps a script from its interpreter', () => {
  write('tools/plain', 'no program', 0o644);
  write('tools/bad', '#!/nowhere/sh\n');
  expect(problem('#!/bin/bash\r\necho hi\r\n')).toContain('Windows line break');
  expect(problem('#!/usr/bin/env bash\r\necho hi\r\n')).toContain('Windows line break');
  expect(problem('#!/bin/sh -e\r\necho hi\r\n')).toContain('a part of its option');
  expect(problem('\ufeff#!/bin/bash\necho hi\n')).toContain('byte order mark');
  expect(problem('#!/nowhere/python\n')).toContain('/nowhere/python');
  expect(problem('#!tools/plain\n')).toContain('tools/plain');
  expect(problem('#!tools/bad\n')).toContain('/nowhere/sh');
  expect(problem('#!/usr/bin/env no-such-program\n')).toContain('no-such-program');
  if (process.platform === 'linux') expect(problem('#!/usr/bin/env sh -e\n')).toContain('“sh -e”');
});

it('names programs for another machine', () => {
  const other = Buffer.from(readFileSync(process.execPath).subarray(0, 4096));
  if (process.platform === 'linux') {
    other.writeUInt16LE(arch() === 's390x' ? 62 : 22, 18);
    expect(problem(other)).toContain('is a program for');
    const loader = Buffer.from(readFileSync(process.execPath).subarray(0, 4096));
    const at = loader.indexOf('/lib');
    if (at > 0) {
      loader.write('/xyz', at);
      expect(problem(loader)).toContain('/xyz');
    }
  }
  expect(problem(Buffer.from('MZ\x90\0\x03'))).toContain('for Windows');
});
