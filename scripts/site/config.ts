/** How the site is drawn: VitePress' own theme without its fonts, local search, nothing from another host. */
import { defineConfig, type MarkdownOptions, type UserConfig } from 'vitepress'
import type { SidebarItem } from './pages.ts'

type Markdown = Parameters<NonNullable<MarkdownOptions['config']>>[0]

/** The marks of HTML that our pages use; any other `<` is text, as `<name>` in a sentence is meant. */
const HTML = /^(<a id="[\w.-]+">|<a href="\/[\w./-]+">|<\/a>|<br ?\/?>|<!--[\s\S]*?-->)/

/** `base` is the folder of the server under which the site stands, with slashes at both ends. */
export function siteConfig(sidebar: SidebarItem[], base: string, outDir: string): UserConfig {
  return defineConfig({
    title: 'Bifrost',
    description: 'Industrial gateway: guide, reference, runbooks',
    lang: 'en',
    // None, and none is asked for.
    head: [['link', { rel: 'icon', href: 'data:,' }]],
    base,
    outDir,
    // Links and anchors are judged by scripts/site/check.ts, which looks at what was built.
    ignoreDeadLinks: true,
    markdown: { languageAlias: { promql: 'sql' }, anchor: { slugify: slugOf }, config: plainMarkdown },
    themeConfig: {
      sidebar,
      outline: [2, 3],
      search: { provider: 'local' },
      nav: [
        { text: 'Guide', link: '/start' },
        { text: 'Reference', link: '/reference/configuration' },
        { text: 'Runbooks', link: '/runbooks/' },
        { text: 'Course', link: '/course/' },
      ],
      docFooter: { prev: false, next: false },
    },
  })
}

/** The anchors that people know from code hosts, so that one link works in the tree and on the site. */
export const slugOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-')

/** Text stays text: neither `<name>` nor two braces mean something to the program that draws the pages. */
function plainMarkdown(md: Markdown): void {
  md.block.ruler.disable('html_block')
  md.inline.ruler.at('html_inline', (state, isSilent) => {
    const [found] = HTML.exec(state.src.slice(state.pos)) ?? []
    if (found === undefined) return false
    if (!isSilent) state.push('html_inline', '', 0).content = found
    state.pos += found.length
    return true
  })
  md.renderer.rules.text = (tokens, at) => md.utils.escapeHtml(tokens[at]!.content).replaceAll('{{', '&#123;&#123;')
}
