/** The page, built into a folder, and the packages that its code came from. */
import { join } from 'node:path'
import { build, type Rollup } from 'vite'
import { packagesOf } from './packages-of.ts'

const ROOT = join(import.meta.dirname, '..', '..')

/** Writes the page; returns the folders of its packages, in order. */
export async function buildPage(folder: string): Promise<string[]> {
  const built = await build({
    root: join(ROOT, 'ui'),
    configFile: join(ROOT, 'ui', 'vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: folder, emptyOutDir: true },
  })
  const outputs = (Array.isArray(built) ? built : [built]) as Rollup.RollupOutput[]
  return packagesOf(
    outputs.flatMap(({ output }) => output.flatMap((part) => ('modules' in part ? Object.keys(part.modules) : []))),
  )
}
