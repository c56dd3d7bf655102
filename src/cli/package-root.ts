/** The folder of this package, and what its package.json says. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const packageRoot = join(import.meta.dirname, '..', '..')

export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
  return version
}

/** The folder of the built page; undefined when it was not built. */
export function builtPage(): string | undefined {
  const folder = join(packageRoot, 'ui', 'dist')
  return existsSync(join(folder, 'index.html')) ? folder : undefined
}
