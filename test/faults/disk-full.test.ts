import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scaled } from '../../tools/test-pace.ts';
import { eventually } from '../harness/eventually.ts';
import { ended, expectTalk, finish, logged, startTalk } from './runs.ts';
import { smallDisk } from './small-disk.ts';
import { Stage } from './stage.ts';
import { Viewer } from './viewer.ts';

/** A full disk: new runs are refused in words, the log says where it was cut, and all recovers unaided when there is room. */

const MiB = 1024 * 1024;
const disk = smallDisk(220);

// Where nothing can be mounted, the first of the two says nothing new over the second; it is not there then.
if (disk !== null) {
  test('a flood fills the disk; the others survive it', async () => {
    await using stage = await Stage.open({ home: join(disk.folder, 'home') });
    try {
      const client = await stage.client();
      const viewer = new Viewer(client);
      disk.ballast(120);
      const talk = await startTalk(stage, client, 'on-a-full-disk', { code: 5, pause: 0.02 });
      const watched = viewer.watch(talk.taskId);
      await eventually('output arrives', () => watched.cursor, { holds: (seen) => seen > 0 });
      const flood = String((await client.http('POST', '/api/runs', { script: 'gush.sh' })).json().task_id);
      await eventually('the flood flows', async () => (await client.http('GET', `/api/runs/${flood}`)).json().output_bytes, {
        holds: (seen) => seen > 10 * MiB,
      });
      disk.ballast(scaled(120, 165));
      const free = (): number => statfsSync(disk.folder).bavail * statfsSync(disk.folder).bsize;
      await eventually('the disk is full', () => free(), { holds: (seen) => seen < MiB / 4, limitMs: 60_000 });

      const refused = await client.http('POST', '/api/runs', { script: 'exit.sh', args: ['0'] });
      expect(refused.json()).toMatchObject({ error: { code: 'disk_full' } });
      expect(refused.status).toBe(507);
      expect(refused.json().error.message).toContain('full');
      // What exists can be looked at.
      expect((await client.http('GET', '/api/runs?limit=5')).json().items.length).toBe(2);
      expect((await client.http('GET', `/api/runs/${flood}/output?limit=1000`)).text).toContain('line 0 0');

      // A cancel cancels, even if that can't be written down yet.
      await client.http('POST', `/api/runs/${flood}/cancel`);
      await eventually('the agent answers', async () => (await client.http('GET', '/api/runs?limit=5')).status, {
        holds: (seen) => seen === 200,
      });
      disk.ballast(0);
      expect(await ended(client, flood, 30_000)).toMatchObject({ state: 'cancelled' });

      const { cursor } = watched;
      await eventually('the other run goes on by itself', () => watched.cursor, { holds: (seen) => seen > cursor, limitMs: 30_000 });
      finish(talk);
      await viewer.allEnded(30_000);
      const run = await ended(client, talk.taskId);
      expect(run).toMatchObject({ state: 'exited', exit_code: 5, output_bytes: watched.cursor });
      expect({ lost: watched.lost, repeated: watched.repeated }).toEqual({ lost: 0, repeated: 0 });
      const out = await logged(client, talk.taskId, 'stdout');
      const err = await logged(client, talk.taskId, 'stderr');
      expect(watched.text).toEqual({ stdout: out, stderr: err });
      // Either nothing was lost, or it says that something was, and where.
      if (run.reason === null) expectTalk({ stdout: out, stderr: err }, talk);
      else {
        expect(run.reason).toContain('missing');
        expect(out + err).toContain('[toru] Some output is missing here');
      }
      const after = await client.http('POST', '/api/runs', { script: 'exit.sh', args: ['3'] });
      expect(after.status, after.text).toBe(202);
      expect(await ended(client, after.json().task_id)).toMatchObject({ state: 'exited', exit_code: 3 });
      viewer.close();
    } finally {
      await stage.close();
      disk.remove();
    }
  }, 180_000);
}

test('a system that says “no space left” to every write: refused, then recovered', async () => {
  await using stage = await Stage.open();
  const client = await stage.client();
  const flag = join(stage.home, 'the-disk-is-full');
  await stage.stopAgent();
  await stage.startAgent({ preload: join(import.meta.dirname, 'disk-full-when.ts'), env: { TORU_TEST_DISK_FULL: flag } });
  await stage.linked();
  const viewer = new Viewer(client);
  const talk = await startTalk(stage, client, 'no-space', { code: 6 });
  const watched = viewer.watch(talk.taskId);
  await eventually('output arrives', () => watched.cursor, { holds: (seen) => seen > 0 });
  writeFileSync(flag, '');
  const refused = await client.http('POST', '/api/runs', { script: 'exit.sh', args: ['0'] });
  expect(refused.json()).toMatchObject({ error: { code: 'disk_full' } });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  rmSync(flag);
  const { cursor } = watched;
  await eventually('the output goes on', () => watched.cursor, { holds: (seen) => seen > cursor });
  finish(talk);
  await viewer.allEnded();
  expectTalk(watched.text, talk);
  expect({ lost: watched.lost, repeated: watched.repeated, code: watched.code }).toEqual({ lost: 0, repeated: 0, code: 6 });
  expect((await client.http('POST', '/api/runs', { script: 'exit.sh', args: ['0'] })).status).toBe(202);
  viewer.close();
}, 120_000);
