/**
 * Makes the site out of the documentation: static files in dist-site, for any web server, with a search of its own and nothing from
 * another host. `--out DIR`, `--base /docs/` when it does not stand at the root of its server. Fails when a link leads nowhere.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { faultsOfSite } from './site/check.ts'
import { rewriteLinks } from './site/links.ts'
import { sidebarOf, sitePages } from './site/pages.ts'

const ROOT = join(import.meta.dirname, '..')

/** Pages and pictures into a folder, their links rewritten; what leads nowhere as sentences. */
export function stageSite(folder: string, base: string, outDir: string): string[] {
  const pages = sitePages(ROOT)
  rmSync(folder, { recursive: true, force: true })
  const broken: string[] = []
  for (const page of pages) {
    const result = rewriteLinks(ROOT, page, readFileSync(join(ROOT, page.source), 'utf8'), pages)
    broken.push(...result.broken)
    write(join(folder, `${page.path}.md`), result.text)
    for (const asset of result.assets) {
      const name = asset.replace('docs/', '')
      const place = /\.(png|svg|jpe?g|webp)$/.test(name) ? name : join('public', name)
      mkdirSync(dirname(join(folder, place)), { recursive: true })
      cpSync(join(ROOT, asset), join(folder, place))
    }
  }
  const config = join(folder, '.vitepress', 'config.ts')
  const settings = [sidebarOf(pages), base, outDir].map((value) => JSON.stringify(value)).join(', ')
  write(
    config,
    `import { siteConfig } from ${JSON.stringify(join(ROOT, 'scripts', 'site', 'config.ts'))}\n\nexport default siteConfig(${settings})\n`,
  )
  write(join(folder, '.vitepress', 'theme', 'index.ts'), `export { default } from 'vitepress/theme-without-fonts'\n`)
  return broken
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

/** The whole site; resolves with what is wrong. */
export async function buildSite(outDir: string, base = '/'): Promise<string[]> {
  // Below the tree, where the packages of the site are found.
  const folder = join(ROOT, '.cache', `site-${process.pid}`)
  try {
    const broken = stageSite(folder, base, outDir)
    if (broken.length > 0) return broken
    const { build } = await import('vitepress')
    await build(folder)
    return faultsOfSite(outDir, base)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { out: { type: 'string', default: join(ROOT, 'dist-site') }, base: { type: 'string', default: '/' } },
  })
  const began = performance.now()
  const faults = await buildSite(resolve(values.out), values.base)
  for (const fault of faults) console.error(fault)
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  console.log(faults.length === 0 ? `${values.out}: built in ${seconds} s` : `${faults.length} faults`)
  process.exitCode = faults.length === 0 ? 0 : 1
}
