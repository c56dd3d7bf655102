/**
 * Judges a site that was built, by what stands in its files: every link within leads to a page and every anchor to a place on it, and no
 * page, style or script loads anything from another host. It knows nothing of how the site was made.
 */
import { globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

/** What is wrong, a sentence each; nothing when the site is sound. */
export function faultsOfSite(folder: string, base = '/'): string[] {
  const files = globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => posix.relative(folder, posix.join(entry.parentPath, entry.name)))
  const known = new Set(files)
  const pages = new Map(files.filter((name) => name.endsWith('.html')).map((name) => [name, read(folder, name)]))
  const ids = new Map([...pages].map(([name, text]) => [name, idsOf(text)]))
  const faults = [...pages].flatMap(([name, text]) => [
    ...hostsOf(text).map((host) => `${name}: loads from ${host}`),
    ...linksOf(text).flatMap((href) => {
      const fault = faultOfLink(name, href, base, known, ids)
      return fault === undefined ? [] : [`${name}: ${href}: ${fault}`]
    }),
  ])
  const styles = files.filter((name) => name.endsWith('.css'))
  const loads = styles.flatMap((name) =>
    [...read(folder, name).matchAll(/(?:url\(|@import)\s*["']?((?:https?:)?\/\/[^"')\s]+)/g)].map(
      ([, url]) => `${name}: loads from ${url}`,
    ),
  )
  const scripts = files.filter((name) => name.endsWith('.js'))
  const imports = scripts.flatMap((name) =>
    [
      ...read(folder, name).matchAll(/(?:\bimport\s*\(?|\bfrom\s*|importScripts\(|fetch\()\s*["'`](https?:[^"'`]+)/g),
    ].map(([, url]) => `${name}: loads from ${url}`),
  )
  return [...faults, ...loads, ...imports]
}

const read = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8')

const idsOf = (text: string): Set<string> =>
  new Set([...text.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => unescape(id!)))

const linksOf = (text: string): string[] => [
  ...new Set(
    [...text.matchAll(/<(?:a|img|link|script)\s[^>]*?\b(?:href|src)="([^"]*)"/g)].map(([, href]) => unescape(href!)),
  ),
]

/** What a page takes from elsewhere by itself; a link that a person may follow is none. */
const hostsOf = (text: string): string[] =>
  [...text.matchAll(/<(?!a\s)\w+\s[^>]*?\b(?:href|src|srcset|data|poster)="((?:https?:)?\/\/[^"]+)"/g)].map(
    ([, url]) => url!,
  )

const unescape = (text: string): string =>
  decodeURIComponent(text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'"))

function faultOfLink(
  from: string,
  href: string,
  base: string,
  known: ReadonlySet<string>,
  ids: ReadonlyMap<string, ReadonlySet<string>>,
): string | undefined {
  if (/^(?:[a-z]+:|\/\/)/.test(href)) return undefined
  const [path = '', anchor = ''] = href.split('#')
  if (path.startsWith('/') && !path.startsWith(base)) return `does not stand under ${base}`
  const target = path === '' ? from : targetOf(from, path, base)
  const file = [target, `${target}.html`, posix.join(target, 'index.html')].find((name) => known.has(name))
  if (file === undefined) return 'there is no such page'
  if (anchor === '' || !ids.has(file) || ids.get(file)!.has(anchor)) return undefined
  return `there is no place "${anchor}" on it`
}

const targetOf = (from: string, path: string, base: string): string =>
  path.startsWith('/') ? path.slice(base.length) : posix.join(posix.dirname(from), path)
