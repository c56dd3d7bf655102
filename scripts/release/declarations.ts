/** The types of what the npm package exports, laid out as src/, by the TypeScript of the lock file. */
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXPORTS } from './bundle.ts'

const ROOT = join(import.meta.dirname, '..', '..')

/** Writes the declarations into the folder; throws with what the compiler says. */
export function writeDeclarations(folder: string): void {
  const { compilerOptions } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8')) as {
    compilerOptions: Record<string, unknown>
  }
  const config = join(folder, 'tsconfig.json')
  const options = {
    ...compilerOptions,
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: join(ROOT, 'src'),
    outDir: folder,
    typeRoots: [join(ROOT, 'node_modules', '@types')],
  }
  const files = Object.values(EXPORTS).map((name) => join(ROOT, name))
  writeFileSync(config, JSON.stringify({ compilerOptions: options, files }))
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', config], { cwd: ROOT, encoding: 'utf8' })
  writeFileSync(config, '')
  if (status !== 0) throw new Error(`the declarations cannot be written: ${stdout}${stderr}`)
  for (const name of globSync('**/*.d.ts', { cwd: folder })) {
    const path = join(folder, name)
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, text.replaceAll(/((?:from|import\()\s*'\.[^']*)\.ts'/g, "$1.js'"))
  }
}
