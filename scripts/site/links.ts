/**
 * Links between files of the tree become links between pages of the site. What is a page there leads to it, pictures and other files
 * of `docs/images` go along, a file that is no page becomes its name; what leads nowhere is told with file and line.
 */
import { existsSync, statSync } from 'node:fs'
import { dirname, join, posix, relative } from 'node:path'
import type { SitePage } from './pages.ts'

export interface Rewritten {
  readonly text: string
  /** Files of the tree that have to go along, such as pictures. */
  readonly assets: readonly string[]
  /** `docs/guide/x.md:12: ../nowhere.md is not there`. */
  readonly broken: readonly string[]
}

/** `![text](target "title")` or `[text](target)`; code is left out before. */
const LINK = /(!?)\[((?:[^\][]|\[[^\]]*\]|\\.)*)\]\(([^()\s]+(?:\([^()\s]*\))?)(\s+"[^"]*")?\)/g
const CODE = /^(`{3,}|~{3,}).*?^\1\s*$|`[^`\n]+`/gms

/** The page's text as the site needs it. */
export function rewriteLinks(root: string, page: SitePage, text: string, pages: readonly SitePage[]): Rewritten {
  const places = new Map(pages.map(({ source, path }) => [source, path]))
  const assets = new Set<string>()
  const broken: string[] = []
  const code: string[] = []
  const bare = text.replaceAll(CODE, (block) => `\uE000${code.push(block) - 1}\uE000`)
  const lineOf = (offset: number): number => {
    const before = bare.slice(0, offset).replaceAll(/\uE000(\d+)\uE000/g, (_, at: string) => code[Number(at)]!)
    return before.split('\n').length
  }
  const rewritten = bare.replaceAll(
    LINK,
    (whole: string, mark: string, words: string, target: string, title: string | undefined, offset: number) => {
      if (/^(https?:|mailto:|#)/.test(target)) return whole
      const [file = '', anchor] = target.split('#')
      const source = posix.join(dirname(page.source), file)
      const fault = faultOf(root, source)
      if (fault !== undefined) {
        broken.push(`${page.source}:${lineOf(offset)}: ${target}: ${fault}`)
        return whole
      }
      const place = places.get(source) ?? places.get(posix.join(source, 'README.md'))
      const end = `${anchor === undefined ? '' : `#${anchor}`}${title ?? ''})`
      if (place !== undefined) return `${mark}[${words}](${hrefBetween(page.path, `${place}.md`)}${end}`
      if (!source.startsWith('docs/images/') || statSync(join(root, source)).isDirectory())
        return `${words} (\`${source}\`)`
      assets.add(source)
      const asset = source.replace('docs/', '')
      // Pictures are taken along by VitePress; another file is a file of the site.
      return mark === '!' ? `![${words}](${hrefBetween(page.path, asset)}${end}` : `<a href="/${asset}">${words}</a>`
    },
  )
  return {
    text: rewritten.replaceAll(/\uE000(\d+)\uE000/g, (_, at: string) => code[Number(at)]!),
    assets: [...assets],
    broken,
  }
}

function faultOf(root: string, source: string): string | undefined {
  if (source.startsWith('..')) return 'leads out of the tree'
  return existsSync(join(root, source)) ? undefined : 'is not there'
}

function hrefBetween(from: string, to: string): string {
  const path = relative(dirname(from), to)
  return path.startsWith('.') ? path : `./${path}`
}
