import { readFile, statfs } from 'node:fs/promises';

/** A file system and how full it is, in bytes. */
interface LocalDisk {
  mount: string;
  size: number;
  used: number;
}

/** The disks of this machine without a process and without a library: what is looked at while nobody looks at the page. */
export async function localDisks(): Promise<LocalDisk[]> {
  const mounts = mountsOf(await readFile('/proc/mounts', 'utf8').catch(() => ''));
  const found: LocalDisk[] = [];
  for (const mount of mounts.length === 0 ? ['/'] : mounts) {
    const disk = await statfs(mount).catch(() => null);
    if (disk === null || disk.blocks === 0) continue;
    // As `df` counts: what only root may fill is not free.
    const free = disk.bavail * disk.bsize;
    const used = (disk.blocks - disk.bfree) * disk.bsize;
    found.push({ mount, size: used + free, used });
  }
  return found;
}

/** The mounts of /proc/mounts that lie on a disk of this machine, each disk once. A share of the network might never answer. */
export function mountsOf(text: string): string[] {
  const mounts = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [device = '', mount = '', type = ''] = line.split(' ');
    if (!(device.startsWith('/dev/') || type === 'zfs' || (mount === '/' && type === 'overlay'))) continue;
    // Images are full by nature.
    if (/^(?:squashfs|iso9660|erofs)$/.test(type)) continue;
    const path = mount.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    const known = mounts.get(device);
    if (known === undefined || path.length < known.length) mounts.set(device, path);
  }
  return [...mounts.values()];
}
