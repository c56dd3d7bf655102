/**
 * The product as a folder that runs wherever Node 24 is, without node_modules and for no architecture in particular:
 *
 *     bin/launch scripts/release/stage.ts --out DIR
 *
 *     DIR/bin/bifrost   the command          DIR/share/        page, templates, examples, licences, files of packages
 *     DIR/dist/         the program          DIR/package.json, DIR/build.json   what it is and what it was made from
 */
import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { bundle } from './bundle.ts'
import { buildFacts, type BuildFacts } from './build-facts.ts'
import { packagesOf } from './packages-of.ts'
import { buildPage } from './page.ts'
import { COPIED } from './placed-files.ts'
import { thirdParties, writeLicences, type ThirdParty } from './third-parties.ts'

const ROOT = join(import.meta.dirname, '..', '..')

export interface Staged {
  readonly facts: BuildFacts
  /** Files of the program, relative to dist. */
  readonly files: readonly string[]
  readonly parties: readonly ThirdParty[]
  /** Packages that bring no text of their licence. */
  readonly withoutText: readonly string[]
}

/** Writes the product into the folder, which is emptied first. */
export async function stage(folder: string): Promise<Staged> {
  const facts = buildFacts()
  rmSync(folder, { recursive: true, force: true })
  for (const part of ['bin', 'dist', 'share']) mkdirSync(join(folder, part), { recursive: true })
  const share = join(folder, 'share')
  const { files, packages } = await bundle(join(folder, 'dist'))
  const pagePackages = await buildPage(join(share, 'page'))

  cpSync(join(ROOT, 'templates'), join(share, 'templates'), { recursive: true })
  cpSync(join(ROOT, 'examples'), join(share, 'examples'), { recursive: true })
  for (const { from, to, only } of COPIED) {
    const source = join(ROOT, 'node_modules', from)
    cpSync(source, join(share, to), {
      recursive: true,
      filter: (path) => only === undefined || path === source || only.test(relative(source, path)),
    })
  }
  for (const part of ['edge', 'backup']) cpSync(join(ROOT, 'deploy', part), join(share, part), { recursive: true })
  cpSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'))
  const parties = thirdParties({
    program: packages,
    page: pagePackages,
    files: packagesOf(COPIED.map(({ from }) => join(ROOT, 'node_modules', from, 'any'))),
  })
  const withoutText = writeLicences(parties, join(share, 'licenses'))

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
  return { facts, files, parties, withoutText }
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
  const { facts, files, parties } = await stage(folder)
  console.log(
    `${folder}: bifrost ${facts.version}, ${files.length} files of program, ${parties.length} packages of others`,
  )
}
