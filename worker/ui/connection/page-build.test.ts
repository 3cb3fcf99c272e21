import { describe, expect, it } from 'vitest';
import { PROTOCOL_VERSION } from '../../../shared/limits.ts';
import { reloadOnce, versionQuery } from './page-build.ts';

function tab() {
  const values = new Map<string, string>();
  let reloads = 0;
  const kept = { getItem: (key: string) => values.get(key) ?? null, setItem: (key: string, value: string) => void values.set(key, value) };
  return {
    refused: (build: string | null) =>
      reloadOnce(
        build,
        () => kept,
        () => (reloads += 1),
      ),
    reloads: () => reloads,
  };
}

describe('a page whose version is refused', () => {
  it('says which protocol and build it is', () => {
    expect(versionQuery('index-Ab_1.js')).toBe(`v=${PROTOCOL_VERSION}&build=index-Ab_1.js`);
    expect(versionQuery(null)).toBe(`v=${PROTOCOL_VERSION}`);
  });

  it('reloads by itself once, and asks when it comes back the same', () => {
    const { refused, reloads } = tab();
    expect(refused('old.js')).toBe(true);
    expect(refused('old.js')).toBe(false);
    expect(refused('old.js')).toBe(false);
    expect(reloads()).toBe(1);
  });

  it('may do so again when it came back as another build, which was refused later', () => {
    const { refused, reloads } = tab();
    for (const build of ['old.js', 'new.js', 'new.js']) refused(build);
    expect(reloads()).toBe(2);
  });

  it('only asks where nothing can be kept, as it would never stop', () => {
    let reloads = 0;
    const kept = () => {
      throw new Error('refused');
    };
    expect(reloadOnce('old.js', kept, () => (reloads += 1))).toBe(false);
    expect(reloads).toBe(0);
  });
});
