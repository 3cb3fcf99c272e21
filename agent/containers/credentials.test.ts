import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { partsOfImage } from './engine.ts';
import { engineSockets } from './engine-sockets.ts';
import { clusterAccess } from './kubeconfig.ts';
import type { PodEngine } from './order.ts';
import { ContainerOutput } from './output-frames.ts';
import { merged } from './pod-manifest.ts';
import { registryAuth, registryOf } from './registry-auth.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toru-credentials-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

function program(name: string, text: string): void {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(folder, 'bin', name), 0o755);
  vi.stubEnv('PATH', `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`);
}

it('knows the registry and the tag of an image', () => {
  expect(['alpine', 'team/tool:1', 'localhost/x', 'registry.test:5000/team/tool@sha256:ab'].map(registryOf)).toEqual([
    'https://index.docker.io/v1/',
    'https://index.docker.io/v1/',
    'localhost',
    'registry.test:5000',
  ]);
  expect(partsOfImage('registry.test:5000/tool')).toEqual({ repository: 'registry.test:5000/tool', tag: 'latest' });
  expect(partsOfImage('tool:2')).toEqual({ repository: 'tool', tag: '2' });
  expect(partsOfImage('tool@sha256:ab')).toEqual({ repository: 'tool@sha256:ab', tag: null });
});

it('asks the credential helper that the configuration names, without a shell', async () => {
  program('docker-credential-keep', 'read registry; echo "{\\"Username\\": \\"ada\\", \\"Secret\\": \\"of $registry $1\\"}"');
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ credHelpers: { 'registry.test': 'keep' } }));
  const auth = await registryAuth('registry.test/tool', folder);
  expect(JSON.parse(Buffer.from(auth ?? '', 'base64url').toString('utf8'))).toEqual({
    username: 'ada',
    password: 'of registry.test get',
    serveraddress: 'registry.test',
  });
  expect(await registryAuth('elsewhere.test/tool', folder)).toBeNull();
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ credsStore: 'missing' }));
  await expect(registryAuth('registry.test/tool', folder)).rejects.toThrow('names docker-credential-missing');
});

it('finds sockets of Docker and Podman, and refuses an engine elsewhere', () => {
  const user = { uid: 1000, homedir: '/home/ada' };
  expect(engineSockets('', { DOCKER_HOST: 'unix:///tmp/engine.sock' }, user)).toEqual(['/tmp/engine.sock']);
  expect(engineSockets('/set.sock', { DOCKER_HOST: 'unix:///tmp/engine.sock' }, user)).toEqual(['/set.sock']);
  expect(engineSockets('', {}, user)).toEqual(
    expect.arrayContaining(['/var/run/docker.sock', '/run/user/1000/docker.sock', '/run/user/1000/podman/podman.sock']),
  );
  expect(() => engineSockets('', { DOCKER_HOST: 'tcp://10.0.0.1:2375' }, user)).toThrow('no socket of this host');
});

it('reads a kubeconfig: context, certificates, and a program that logs in', async () => {
  program(
    'login',
    'echo "{\\"apiVersion\\": \\"client.authentication.k8s.io/v1\\", \\"kind\\": \\"ExecCredential\\", \\"status\\": {\\"token\\": \\"token of $1\\"}}"',
  );
  const kubeconfig = join(folder, 'config');
  const data = (text: string): string => Buffer.from(text).toString('base64');
  writeFileSync(
    kubeconfig,
    `
current-context: first
contexts:
  - { name: first, context: { cluster: c, user: by-program } }
  - { name: second, context: { cluster: c, user: by-certificate, namespace: jobs } }
clusters:
  - { name: c, cluster: { server: 'https://cluster.test:6443/below', certificate-authority-data: ${data('the ca')} } }
users:
  - { name: by-program, user: { exec: { apiVersion: client.authentication.k8s.io/v1, command: login, args: [ada], interactiveMode: Never } } }
  - { name: by-certificate, user: { client-certificate-data: ${data('the certificate')}, client-key-data: ${data('the key')} } }
`,
  );
  const engine: PodEngine = {
    ...{ type: 'pod', own_cluster: null, namespace: null, context: null, helper_image: 'h', pending_ms: 1, manifest: null },
    kubeconfig: [kubeconfig],
  };
  expect(await clusterAccess(engine)).toEqual({
    server: new URL('https://cluster.test:6443/below'),
    namespace: 'default',
    tls: { ca: Buffer.from('the ca') },
    authorization: 'Bearer token of ada',
  });
  expect(await clusterAccess({ ...engine, context: 'second' })).toMatchObject({
    namespace: 'jobs',
    tls: { cert: Buffer.from('the certificate'), key: Buffer.from('the key') },
    authorization: null,
  });
  await expect(clusterAccess({ ...engine, context: 'third' })).rejects.toThrow('no context “third”');
  await expect(clusterAccess({ ...engine, kubeconfig: [] })).rejects.toThrow('knows no Kubernetes cluster');
});

it('merges a manifest: maps deeply, lists by names, anything else is replaced', () => {
  const base = { spec: { list: ['a'], containers: [{ name: 'step', env: [{ name: 'A', value: '1' }] }, { name: 'toru-out' }] } };
  const over = {
    spec: { list: ['b'], containers: [{ name: 'beside' }, { name: 'step', env: [{ name: 'B', value: '2' }], tty: true }] },
    kind: 'x',
  };
  expect(merged(base, over)).toEqual({
    spec: {
      list: ['b'],
      containers: [
        {
          name: 'step',
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
          tty: true,
        },
        { name: 'toru-out' },
        { name: 'beside' },
      ],
    },
    kind: 'x',
  });
});

it('takes frames apart wherever they are cut, and passes by what was printed before', async () => {
  const frame = (stream: number, text: string): Buffer => {
    const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
    head.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([head, Buffer.from(text)]);
  };
  const all = Buffer.concat([frame(1, 'one\n'), frame(2, 'wrong\n'), frame(1, ''), frame(1, 'two\n')]);
  for (let cut = 1; cut < all.length; cut += 1) {
    const printed = { stdout: '', stderr: '' };
    const output = new ContainerOutput((stream, bytes) => {
      printed[stream] += Buffer.from(bytes).toString('utf8');
    });
    await output.take(Readable.from([all.subarray(0, cut)]));
    await output.take(Readable.from([all.subarray(0, cut), all.subarray(cut)]), true);
    expect(printed).toEqual({ stdout: 'one\ntwo\n', stderr: 'wrong\n' });
  }
});
