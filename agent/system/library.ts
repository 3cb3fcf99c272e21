import type * as SystemInformation from 'systeminformation';

/** Loaded when somebody first looks: it takes 160 ms and 10 MB that an agent at rest does not need. */
export async function library(): Promise<Pick<typeof SystemInformation, 'osInfo' | 'fsSize' | 'mem' | 'networkStats' | 'processes'>> {
  return (await import('systeminformation')).default;
}
