/**
 * The product as a folder that runs wherever Node 24 is, without node_modules and for no architecture in particular:
 *
 *     bin/launch scripts/release/stage.ts --out DIR
 *
 *     DIR/bin/bifrost   the command          DIR/share/        page, templates, examples, licences, files of packages
 *     DIR/dist/         the program          DIR/package.json, DIR/build.json   what it is and what it was made from
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { bundle, type Bundled } from './bundle.ts'
import { buildFacts, type BuildFacts } from './build-facts.ts'
import { COPIED } from './placed-files.ts'

const ROOT = join(import.meta.dirname, '..', '..')

export interface Staged extends Bundled {
  readonly facts: BuildFacts
}

/** Writes the product into the folder, which is emptied first. */
export async function stage(folder: string): Promise<Staged> {
  const facts = buildFacts()
  rmSync(folder, { recursive: true, force: true })
  for (const part of ['bin', 'dist', 'share']) mkdirSync(join(folder, part), { recursive: true })
  buildPage()
  const bundled = await bundle(join(folder, 'dist'))

  const share = join(folder, 'share')
  cpSync(join(ROOT, 'ui', 'dist'), join(share, 'page'), { recursive: true })
  cpSync(join(ROOT, 'templates'), join(share, 'templates'), { recursive: true })
  cpSync(join(ROOT, 'examples'), join(share, 'examples'), { recursive: true })
  for (const { from, to, only } of COPIED) {
    const source = join(ROOT, 'node_modules', from)
    cpSync(source, join(share, to), {
      recursive: true,
      filter: (path) => only === undefined || path === source || only.test(relative(source, path)),
    })
  }
  cpSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'))

  const launcher = join(folder, 'bin', 'bifrost')
  cpSync(join(import.meta.dirname, 'launcher.sh'), launcher)
  chmodSync(launcher, 0o755)
  writeJson(join(folder, 'package.json'), {
    name: 'bifrost-gateway',
    version: facts.version,
    type: 'module',
    private: true,
  })
  writeJson(join(folder, 'build.json'), facts)
  return { ...bundled, facts }
}

/** As the first command of a checkout would find it. */
function buildPage(): void {
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts', 'build-page.js')], { stdio: 'inherit' })
  if (status !== 0 || !existsSync(join(ROOT, 'ui', 'dist', 'index.html')))
    throw new Error('the page was not built; see above')
}

function writeJson(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`)
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { out: { type: 'string' } } })
  if (values.out === undefined) {
    console.error('usage: bin/launch scripts/release/stage.ts --out DIR')
    process.exit(2)
  }
  const folder = resolve(values.out)
  const { facts, files, packages } = await stage(folder)
  console.log(`${folder}: bifrost ${facts.version}, ${files.length} files of program from ${packages.length} packages`)
}
