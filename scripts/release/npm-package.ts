/**
 * `bifrost-gateway-VERSION.tgz` for npm: the staged product with the exports of package.json, without dependencies and without
 * scripts, for the Node that is there (24 or newer).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { entriesOf, file, gzip, tar } from './archive.ts'
import type { BuildFacts } from './build-facts.ts'
import { EXPORTS } from './bundle.ts'
import { productEntries } from './tarball.ts'

const ROOT = join(import.meta.dirname, '..', '..')

/** `types`: a folder with the declarations of the exports, laid out as src/. */
export function npmPackage(stage: string, types: string, facts: BuildFacts, seconds: number): Buffer {
  const product = productEntries(stage, 'package', 'npm', facts).filter(({ name }) => {
    // npm makes the folders, and installing a service is no work of npm.
    return name !== 'package/package.json' && !/^package\/share\/(edge|backup)(\/|$)/.test(name)
  })
  const entries = [
    ...product,
    ...entriesOf(types, 'package/types'),
    file('package/package.json', manifest(facts)),
    file('package/README.md', readFileSync(join(ROOT, 'README.md'))),
  ]
  return gzip(
    tar(
      entries.filter(({ kind }) => kind === 'file'),
      seconds,
    ),
  )
}

function manifest({ version }: BuildFacts): string {
  const source = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    name: string
    description: string
    license: string
    engines: object
    bin: object
    exports: Record<string, string>
  }
  const { name, description, license, engines, bin } = source
  const exports = Object.fromEntries(
    Object.entries(source.exports).map(([path, target]) => [
      path,
      target.startsWith('./src/') ? built(target) : target,
    ]),
  )
  return `${JSON.stringify({ name, version, description, license, type: 'module', bin, engines, exports }, null, 2)}\n`
}

function built(target: string): { types: string; default: string } {
  const found = Object.entries(EXPORTS).find(([, source]) => `./${source}` === target)
  if (found === undefined)
    throw new Error(`package.json exports ${target}, which scripts/release/bundle.ts does not build`)
  return {
    types: `./types/${found[1].replace('src/', '').replace(/\.ts$/, '.d.ts')}`,
    default: `./dist/${found[0]}.js`,
  }
}
