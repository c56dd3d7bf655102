/**
 * Which files of the tree are pages of the site, where they stand there, and in what order they are shown: `docs/` as it is, and what
 * stands beside the code (READMEs of drivers, sinks and deployments, disk formats). A new page of `docs/` is on the site by being there.
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface SitePage {
  /** In the tree: `src/drivers/modbus/README.md`. */
  readonly source: string
  /** On the site, without the ending: `drivers/modbus`. */
  readonly path: string
  /** Its first heading. */
  readonly title: string
}

export interface SidebarItem {
  text: string
  link?: string
  collapsed?: boolean
  items?: SidebarItem[]
}

/** Pages outside `docs/`, by patterns, with their place on the site. */
const ELSEWHERE: readonly (readonly [pattern: string, place: (file: string) => string])[] = [
  ['README.md', () => 'start'],
  ['CONTRIBUTING.md', () => 'contributing'],
  ['CHANGELOG.md', () => 'changelog'],
  ['SECURITY.md', () => 'security/reporting'],
  ['src/drivers/*/README.md', (file) => file.replace('src/', '').replace('/README.md', '')],
  ['src/sinks/*/README.md', (file) => file.replace('src/', '').replace('/README.md', '')],
  ['src/**/FORMAT.md', (file) => file.replace('src/', 'formats/').replace('/FORMAT.md', '')],
  ['{deploy,examples}/**/*.md', (file) => file.replace(/README\.md$/, 'index.md').replace(/\.md$/, '')],
]

/** All of them, in the order of their names. */
export function sitePages(root: string): SitePage[] {
  const within = globSync('docs/**/*.md', { cwd: root, exclude: ['docs/images/**'] }).map((source) => ({
    source,
    path: source
      .replace('docs/', '')
      .replace(/\.md$/, '')
      .replace(/README$/, 'index'),
  }))
  const beside = ELSEWHERE.flatMap(([pattern, place]) =>
    globSync(pattern, { cwd: root, exclude: ['**/node_modules/**'] }).map((source) => ({
      source,
      path: place(source),
    })),
  )
  return [...within, ...beside]
    .map((page) => ({ ...page, title: titleOf(readFileSync(join(root, page.source), 'utf8'), page.path) }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** The text of the first heading, without marks. */
const titleOf = (text: string, path: string): string =>
  /^# (.+)$/m.exec(text)?.[1]?.replaceAll(/[`*]|\]\([^)]*\)|\[/g, '') ?? path

const GROUPS: readonly (readonly [text: string, pattern: RegExp, isOpen?: boolean])[] = [
  ['Start', /^(index|start)$/, true],
  ['Course', /^course\//],
  ['Guide', /^guide\//, true],
  ['Reference', /^reference\//],
  ['Drivers', /^drivers\//],
  ['Sinks', /^sinks\//],
  ['Runbooks', /^runbooks\/(?!alerts\/)/],
  ['Runbooks: a page for each alert', /^runbooks\/alerts\//],
  ['Deployment files', /^deploy\//],
  ['Security', /^security\//],
  ['Design and figures', /^(design|formats)\//],
  ['Decisions', /^decisions\//],
  ['Examples', /^examples\//],
  ['Project', /^(contributing|changelog)$/],
]

/** The contents at the left: groups in reading order; throws for a page that no group takes. */
export function sidebarOf(pages: readonly SitePage[]): SidebarItem[] {
  const lost = pages.filter(({ path }) => !GROUPS.some(([, pattern]) => pattern.test(path)))
  if (lost.length > 0)
    throw new Error(
      `no group of scripts/site/pages.ts takes ${lost.map(({ source }) => source).join(', ')}: name one there`,
    )
  return GROUPS.flatMap(([text, pattern, isOpen = false]) => {
    const items = pages
      .filter(({ path }) => pattern.test(path))
      .map(({ title, path }) => ({ text: title, link: `/${path}` }))
    return items.length === 0 ? [] : [{ text, collapsed: !isOpen, items }]
  })
}
