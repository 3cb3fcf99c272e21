import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from './root.ts';

/** The targets of a Markdown text's links and images, code left out, addresses of other sites left out. */
export function linksOf(markdown: string): string[] {
  const prose = withoutCode(markdown);
  const inline = prose.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g);
  const html = prose.matchAll(/\b(?:href|src|srcset)="([^"]+)"/g);
  return [...inline, ...html].map(([, target = '']) => target).filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors that a page's headings get, as GitHub makes them. */
export function anchorsOf(markdown: string): string[] {
  const seen = new Map<string, number>();
  return [...withoutFences(markdown).matchAll(/^#{1,6}\s+(.+?)\s*$/gm)].map(([, heading = '']) => {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-');
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
}

function withoutFences(markdown: string): string {
  return markdown.replaceAll(/^(```+|~~~+)[\s\S]*?^\1\s*$/gm, '');
}

function withoutCode(markdown: string): string {
  return withoutFences(markdown).replaceAll(/`[^`\n]*`/g, '');
}

/** Links of `file` that lead nowhere: a missing file, or a missing heading in a Markdown file. */
export function deadLinks(file: string, markdown: string, read: (path: string) => string | null): string[] {
  return linksOf(markdown).filter((link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? file : join(dirname(file), decodeURIComponent(path));
    const text = read(target);
    if (text === null) return true;
    return anchor !== undefined && target.endsWith('.md') && !anchorsOf(text).includes(anchor);
  });
}

if (import.meta.main) {
  const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter((file) => file !== '' && existsSync(join(root, file)));
  const read = (file: string): string | null => {
    const path = join(root, file);
    if (!existsSync(path)) return null;
    return path.endsWith('.md') ? readFileSync(path, 'utf8') : '';
  };
  const problems: string[] = [];
  for (const file of tracked) {
    const text = readFileSync(join(root, file), 'utf8');
    if (file.endsWith('.md')) problems.push(...deadLinks(file, text, read).map((link) => `${file}: dead link ${link}`));
    // A path of the machine that it was written on helps nobody else.
    for (const path of [root, homedir()]) if (text.includes(`${path}/`)) problems.push(`${file}: names a path of this machine, ${path}`);
  }
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
