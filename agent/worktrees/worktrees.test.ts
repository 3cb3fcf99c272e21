import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiHarness, makeApi } from '../systems-harness.ts';
import { folderName, parseList } from './worktree-list.ts';
import { parseStatus } from './worktree-status.ts';

/** Worktrees by the host's own git, of repositories on its disk. */

let h: ApiHarness;
let root: string;
let site: string;

beforeAll(async () => {
  h = await makeApi();
});
afterAll(() => h.close());
beforeEach(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'toru-worktrees-')));
  site = join(root, 'site');
  mkdirSync(site);
  git(site, 'init', '--quiet', '--initial-branch=main');
  commit(site, 'page.html', 'hello');
  await h.ask(h.admin, 'PUT', '/api/worktrees/roots', { roots: [root] });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function git(folder: string, ...args: string[]): string {
  const as = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', ['-C', folder, ...as, ...args], { encoding: 'utf8' }).trim();
}

function commit(folder: string, name: string, text: string): void {
  writeFileSync(join(folder, name), text);
  git(folder, 'add', '--', name);
  git(folder, 'commit', '--quiet', '-m', `write ${name}`);
}

const create = (body: object) => h.ask(h.admin, 'POST', '/api/worktrees', { repository: site, ...body });
const remove = (path: string, force = false) =>
  h.ask(h.admin, 'DELETE', `/api/worktrees?${new URLSearchParams({ path, force: String(force) })}`);
const get = async (path: string): Promise<unknown> => (await h.ask(h.admin, 'GET', `/api/worktrees${path}`)).json;

describe('what is there', () => {
  it('finds repositories below the roots, and their worktrees, but for worktrees and submodules as repositories', async () => {
    mkdirSync(join(root, 'work/deep'), { recursive: true });
    git(root, 'clone', '--quiet', '--bare', site, join(root, 'work/deep/bare.git'));
    git(site, 'worktree', 'add', '--quiet', '-b', 'fix', join(root, 'site-fix'));
    expect(await get('/repositories')).toEqual({
      items: [
        { path: site, name: 'site' },
        { path: join(root, 'work/deep/bare.git'), name: 'bare.git' },
      ],
      next_cursor: null,
    });
    expect(await get(`?repository=${site}`)).toMatchObject({
      items: [
        { path: site, repository: site, branch: 'main', main: true, missing: false },
        { path: join(root, 'site-fix'), repository: site, branch: 'fix', main: false },
      ],
    });
    expect(await get('')).toMatchObject({ items: [{ main: true }, { branch: 'fix' }, { path: join(root, 'work/deep/bare.git') }] });
  });

  it('says what is in a worktree that is nowhere else', async () => {
    const origin = join(root, 'origin.git');
    git(root, 'clone', '--quiet', '--bare', site, origin);
    git(site, 'remote', 'add', 'origin', origin);
    git(site, 'fetch', '--quiet', 'origin');
    git(site, 'branch', '--quiet', '--set-upstream-to=origin/main');
    commit(site, 'more.html', 'more');
    writeFileSync(join(site, 'page.html'), 'changed');
    writeFileSync(join(site, 'a name with spaces.txt'), 'new');
    writeFileSync(join(site, 'staged'), 'new');
    git(site, 'add', 'staged');
    git(site, 'mv', 'more.html', 'moved.html');
    expect(await get(`/status?path=${site}`)).toMatchObject({
      items: [
        {
          upstream: 'origin/main',
          ahead: 1,
          behind: 0,
          unpushed: 1,
          staged: 2,
          changed: 1,
          untracked: 1,
          conflicts: 0,
          size_bytes: expect.any(Number),
          problem: null,
        },
      ],
    });
  });

  it('shows one that git refuses as a problem, beside the others', async () => {
    writeFileSync(join(site, '.git/index'), 'no index');
    expect(await get('/status')).toMatchObject({ items: [{ path: site, problem: expect.stringContaining('git: ') }] });
  });
});

describe('a new worktree', () => {
  it('of a new branch, beside its repository, with the untracked files that were named', async () => {
    writeFileSync(join(site, '.env'), 'PORT=8080\n', { mode: 0o600 });
    const made = await create({ branch: 'feature/login', copy: ['.env'] });
    const path = join(root, 'site-feature-login');
    expect([made.status, made.json]).toMatchObject([201, { path, repository: site, branch: 'feature/login', main: false }]);
    expect(readFileSync(join(path, '.env'), 'utf8')).toBe('PORT=8080\n');
    expect(readFileSync(join(path, 'page.html'), 'utf8')).toBe('hello');
  });

  it('of a branch that is there, of one that a remote has, and from a base', async () => {
    git(site, 'branch', 'old');
    expect((await create({ branch: 'old', name: 'elsewhere' })).json).toMatchObject({ path: join(root, 'elsewhere'), branch: 'old' });
    const origin = join(root, 'origin.git');
    git(root, 'clone', '--quiet', '--bare', site, origin);
    git(origin, 'branch', 'theirs', 'main');
    git(site, 'remote', 'add', 'origin', origin);
    git(site, 'fetch', '--quiet', 'origin');
    await create({ branch: 'theirs' });
    expect(await get(`/status?path=${join(root, 'site-theirs')}`)).toMatchObject({ items: [{ upstream: 'origin/theirs', ahead: 0 }] });
    commit(site, 'later', 'later');
    expect((await create({ branch: 'from-old', base: 'old' })).json).toMatchObject({ head: git(site, 'rev-parse', 'old') });
  });

  it.each([
    ['a branch that git does not take', { branch: 'a..b' }, 400, 'bad_request', 'git takes no branch named “a..b”'],
    ['a branch that would be an option', { branch: '--force' }, 400, 'bad_request', 'no - at the beginning'],
    ['a base that is not there', { branch: 'x', base: 'nothing' }, 400, 'bad_request', 'no branch, tag or commit “nothing”'],
    ['a base that would be an option', { branch: 'x', base: '-x' }, 400, 'bad_request', 'base'],
    ['the branch of another worktree', { branch: 'main' }, 409, 'conflict', 'main'],
    ['a name that leads elsewhere', { branch: 'x', name: '../x' }, 400, 'bad_request', 'name'],
    ['a name that is taken', { branch: 'x', name: 'site' }, 409, 'conflict', 'There is a site beside the repository already'],
    ['a file that is not there', { branch: 'x', copy: ['.env'] }, 400, 'input_invalid', '“.env” is not in the repository’s folder'],
    ['a file above', { branch: 'x', copy: ['../secret'] }, 400, 'bad_request', 'without ..'],
    ['a file by a link that leads out', { branch: 'x', copy: ['out'] }, 400, 'input_invalid', 'leads out of the repository'],
    ['a folder', { branch: 'x', copy: ['.git'] }, 400, 'input_invalid', 'is no file'],
  ])('refuses %s, and leaves nothing', async (_, body, status, code, message) => {
    symlinkSync('/etc/hostname', join(site, 'out'));
    const refused = await create(body);
    expect([refused.status, refused.json]).toMatchObject([status, { error: { code, message: expect.stringContaining(message) } }]);
    expect(git(site, 'worktree', 'list', '--porcelain').match(/^worktree /gm)).toHaveLength(1);
    expect(git(site, 'branch', '--format=%(refname:short)')).toBe('main');
  });

  it('never lies outside the roots', async () => {
    await h.ask(h.admin, 'PUT', '/api/worktrees/roots', { roots: [site] });
    const refused = await create({ branch: 'x' });
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining(`toru worktree roots ${root}`)]);
    expect(existsSync(join(root, 'site-x'))).toBe(false);
  });

  it('does not hand the agent’s own variables to a hook', async () => {
    writeFileSync(join(site, '.git/hooks/post-checkout'), '#!/bin/sh\nenv > "$(git rev-parse --show-toplevel)/seen"\n', { mode: 0o755 });
    process.env['ADMIN_PASSWORD'] = 'canary-of-the-agent';
    try {
      await create({ branch: 'x' });
    } finally {
      delete process.env['ADMIN_PASSWORD'];
    }
    const seen = readFileSync(join(root, 'site-x/seen'), 'utf8');
    expect(seen).toContain('PATH=');
    expect(seen).not.toContain('canary-of-the-agent');
  });
});

describe('a removal', () => {
  it('goes to the trash, and comes back as it was', async () => {
    const path = join(root, 'site-x');
    await create({ branch: 'x' });
    commit(path, 'work', 'of a day');
    writeFileSync(join(path, 'unsaved'), 'draft');
    const refused = await remove(path);
    expect([refused.status, refused.json]).toMatchObject([409, { error: { code: 'conflict', uncommitted: 1, unpushed: 1 } }]);
    expect(Object(refused.json).error.message).toBe(
      'It has 1 uncommitted file and 1 commit that nothing else has. Commit and push, or remove it by force: it stays in the trash for some days.',
    );
    expect((await remove(path, true)).json).toMatchObject({ trashed: { path, branch: 'x', removed_by: h.admin.username } });
    expect([existsSync(path), await get(`?repository=${site}`)]).toMatchObject([false, { items: [{ main: true }] }]);
    // Even the branch may be gone by then: the trash keeps its commit.
    git(site, 'branch', '-D', 'x');
    git(site, 'reflog', 'expire', '--expire=now', '--all');
    git(site, 'gc', '--quiet', '--prune=now');
    const [trashed] = Object(await get('/trash')).items;
    expect((await h.ask(h.admin, 'POST', `/api/worktrees/trash/${trashed.id}/restore`)).json).toMatchObject({ path, branch: 'x' });
    expect([readFileSync(join(path, 'work'), 'utf8'), readFileSync(join(path, 'unsaved'), 'utf8')]).toEqual(['of a day', 'draft']);
    expect(await get(`/status?path=${path}`)).toMatchObject({ items: [{ staged: 0, changed: 0, untracked: 1, unpushed: 1 }] });
    expect([await get('/trash'), existsSync(join(root, '.toru-trash'))]).toEqual([{ items: [], next_cursor: null }, false]);
    expect(git(site, 'for-each-ref', 'refs/toru')).toBe('');
  });

  it('that loses nothing needs no force, and the trash is emptied in time', async () => {
    await create({ branch: 'x' });
    const { status, json } = await remove(join(root, 'site-x'));
    expect(status).toBe(200);
    const { removed_at, expires_at } = Object(json).trashed;
    expect(Date.parse(expires_at) - Date.parse(removed_at)).toBe(30 * 86_400_000);
    await h.services.worktrees.sweep();
    expect(await get('/trash')).toMatchObject({ items: [{}] });
    h.db.prepare('UPDATE worktrees_trash SET removed_at = removed_at - 30 * 86400000').run();
    await h.services.worktrees.sweep();
    expect([await get('/trash'), existsSync(join(root, '.toru-trash'))]).toMatchObject([{ items: [] }, false]);
  });

  it('is refused for the repository itself, a locked one, and whatever is no worktree', async () => {
    await create({ branch: 'x' });
    const path = join(root, 'site-x');
    git(site, 'worktree', 'lock', path);
    expect([(await remove(site)).status, (await remove(path, true)).status, (await remove(join(root, 'nothing'))).status]).toEqual([
      409, 409, 404,
    ]);
    expect([(await remove('/etc')).status, existsSync(path)]).toEqual([403, true]);
  });

  it('of one whose folder is gone only tells git', async () => {
    await create({ branch: 'x' });
    rmSync(join(root, 'site-x'), { recursive: true });
    expect(await get(`?repository=${site}`)).toMatchObject({ items: [{}, { missing: true }] });
    expect((await remove(join(root, 'site-x'))).json).toEqual({ trashed: null });
    expect(await get(`?repository=${site}`)).toMatchObject({ items: [{ main: true }] });
  });

  it('leaves it where it was when git refuses in the middle', async () => {
    await create({ branch: 'x' });
    const hidden = `${site}/.git/worktrees`;
    rmSync(join(hidden, 'site-x/HEAD'));
    const refused = await remove(join(root, 'site-x'), true);
    expect([refused.status, existsSync(join(root, 'site-x/page.html'))]).toEqual([expect.toSatisfy((s: number) => s >= 400), true]);
    expect(await get('/trash')).toMatchObject({ items: [] });
  });
});

describe('who may', () => {
  it('is admins, and the roots need a password typed lately', async () => {
    const client = await h.caller('cleo', 'client');
    const session = { ...h.admin, via: 'edge' as const, auth_time: 0 };
    const roots = { roots: ['/'] };
    expect([
      (await h.ask(client, 'GET', '/api/worktrees')).status,
      (await h.ask(client, 'POST', '/api/worktrees', { repository: site, branch: 'x' })).status,
      (await h.ask(client, 'PUT', '/api/worktrees/roots', roots)).status,
      Object((await h.ask(session, 'PUT', '/api/worktrees/roots', roots)).json).error.code,
    ]).toEqual([403, 403, 403, 'reauth_required']);
  });

  it('nothing outside the roots is looked at, by no path and no link', async () => {
    const outside = realpathSync(mkdtempSync(join(tmpdir(), 'toru-outside-')));
    try {
      git(outside, 'init', '--quiet', '--initial-branch=main');
      symlinkSync(outside, join(root, 'link'));
      for (const path of [outside, join(root, 'link'), join(root, 'site/../../'), `${root}x`]) {
        const { status } = await h.ask(h.admin, 'GET', `/api/worktrees?repository=${encodeURIComponent(path)}`);
        expect([path, status]).toEqual([path, expect.toSatisfy((s: number) => s === 403 || s === 404)]);
      }
      expect(await get('/repositories')).toMatchObject({ items: [{ path: site }] });
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });

  it('tells the audit', async () => {
    await create({ branch: 'x' });
    await remove(join(root, 'site-x'));
    const { json } = await h.ask(h.admin, 'GET', '/api/audit');
    const events = Object(json).items.map(({ event }: { event: string }) => event);
    expect(events).toEqual(expect.arrayContaining(['worktree.roots', 'worktree.create', 'worktree.remove']));
  });
});

it('reads what git prints', () => {
  const head = 'a'.repeat(40);
  const bare = `worktree /srv/site.git\nbare\n\nworktree /srv/x\nHEAD ${head}\ndetached\nlocked on a stick\n\n`;
  expect(parseList(bare)).toMatchObject([
    { path: '/srv/site.git', main: true, head: null, branch: null },
    { path: '/srv/x', repository: '/srv/site.git', head, branch: null, locked: true, missing: true },
  ]);
  expect(parseStatus(`# branch.oid ${head}\0# branch.head main\0u UU N... 1 2 3 4 5 6 7 f\0? 1 .M\0`)).toMatchObject({
    upstream: null,
    ahead: null,
    conflicts: 1,
    untracked: 1,
    changed: 0,
  });
  expect([folderName('/srv/site.git', 'feature/a b'), folderName('/x/y', '..')]).toEqual(['site-feature-a-b', 'y-']);
});
