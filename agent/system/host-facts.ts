import { availableParallelism, cpus, platform, release, uptime } from 'node:os';
import { compareText } from '../../shared/compare-text.ts';
import type { System } from '../../shared/system.ts';
import { library } from './library.ts';

/** The facts that do not change while the agent runs: asked once, because asking starts processes. */
export type Facts = Pick<System, 'platform' | 'distro' | 'kernel' | 'cpu_model' | 'cores'>;
export type Disk = System['disks'][number];

export async function readFacts(): Promise<Facts> {
  const os = await (await library()).osInfo().catch(() => null);
  return {
    platform: platform(),
    distro: os === null ? platform() : [os.distro, os.release].filter((part) => part !== '' && part !== 'unknown').join(' '),
    kernel: release(),
    cpu_model: cpus()[0]?.model.trim() ?? '',
    cores: availableParallelism(),
  };
}

/** File systems that hold something; each device once, at its shortest mount. */
export async function readDisks(): Promise<Disk[]> {
  const found = await (await library()).fsSize().catch(() => []);
  const disks = new Map<string, Disk>();
  for (const { fs, type, size, used, mount } of found.sort((a, b) => a.mount.length - b.mount.length)) {
    if (size <= 0 || /^(?:tmpfs|devtmpfs|squashfs|efivarfs|ramfs|autofs)$/.test(type)) continue;
    const device = type === 'overlay' ? mount : fs;
    if (!disks.has(device)) disks.set(device, { mount, size, used });
  }
  return [...disks.values()].sort((a, b) => compareText(a.mount, b.mount));
}

export function uptimeSeconds(): number {
  return Math.floor(uptime());
}
