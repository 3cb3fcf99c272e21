import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { deployConfig } from './build-worker.ts';

const root = join(import.meta.dirname, '..');
const button = join(root, 'deploy/button');
const config = z.looseObject({ assets: z.looseObject({ directory: z.string().optional() }) });

test('what is deployed has the objects, migrations and flags of wrangler.toml, and the built Worker', () => {
  expect(deployConfig()).toMatchObject({
    main: 'index.js',
    no_bundle: true,
    keep_vars: true,
    compatibility_flags: ['enable_request_signal'],
    durable_objects: {
      bindings: [
        { name: 'ACCOUNT', class_name: 'Account' },
        { name: 'HOST', class_name: 'Host' },
      ],
    },
    migrations: [{ tag: 'v1', new_sqlite_classes: ['Account', 'Host'] }],
    assets: { binding: 'ASSETS', run_worker_first: true },
  });
});

test('the template of the button deploys the same, from the package', () => {
  const { assets, ...template } = config.parse(JSON.parse(readFileSync(join(button, 'wrangler.json'), 'utf8')));
  const { directory, ...page } = assets;
  expect({ ...template, main: 'index.js', assets: page }).toEqual(deployConfig());
  expect([template['main'], directory]).toEqual(['node_modules/toru/dist/worker/index.js', 'node_modules/toru/dist/page']);
});

test('the button asks one thing, and what stands there at first opens nothing', () => {
  const asked = readFileSync(join(button, '.dev.vars.example'), 'utf8').trim().split('\n');
  expect(asked).toHaveLength(1);
  const [, name, value = ''] = /^(\w+)="(.*)"$/.exec(asked[0] ?? '') ?? [];
  expect(name).toBe('HOST_KEYS');
  // worker/test/claim.test.ts: an edge with such a HOST_KEYS has no host, and nobody can claim it.
  expect(value).not.toMatch(/:|[0-9a-f]{8}/i);
  const described = z.object({ cloudflare: z.object({ bindings: z.record(z.string(), z.object({ description: z.string() })) }) });
  const { cloudflare } = described.parse(JSON.parse(readFileSync(join(button, 'package.json'), 'utf8')));
  expect(Object.keys(cloudflare.bindings)).toEqual(['HOST_KEYS']);
});

test('wrangler takes the template, with the package beside it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'toru-button-'));
  try {
    cpSync(button, folder, { recursive: true });
    const built = join(folder, 'node_modules/toru/dist');
    mkdirSync(join(built, 'worker'), { recursive: true });
    mkdirSync(join(built, 'page'));
    const there = existsSync(join(root, 'dist/worker/index.js'));
    if (there) symlinkSync(join(root, 'dist/worker/index.js'), join(built, 'worker/index.js'));
    else writeFileSync(join(built, 'worker/index.js'), 'export default {}; export class Account {} export class Host {}');
    writeFileSync(join(built, 'page/index.html'), '<!doctype html>');
    const wrangler = join(root, 'node_modules/wrangler/bin/wrangler.js');
    const output = execFileSync(process.execPath, [wrangler, 'deploy', '--dry-run'], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, WRANGLER_SEND_METRICS: 'false', NO_COLOR: '1' },
    });
    for (const binding of ['env.ACCOUNT', 'env.HOST', 'env.ASSETS', '--dry-run: exiting']) expect(output).toContain(binding);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
