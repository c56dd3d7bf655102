/**
 * `bifrost-VERSION-linux-ARCH`: one file that is Node and the product (Node's single executable applications). For another
 * architecture it is made here too: nothing of it is compiled for a machine.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { constants, zstdCompressSync } from 'node:zlib'
import { file, tar } from './archive.ts'
import type { BuildFacts } from './build-facts.ts'
import { nodeProgram, type Architecture } from './node-program.ts'
import { productEntries } from './tarball.ts'

const START = `// Loads the program as the file that it is: the main script of a single executable cannot import files.
module.exports = (file) => void import(require('node:url').pathToFileURL(file).href)
`

export function executable(stage: string, facts: BuildFacts, arch: Architecture, seconds: number): Buffer {
  const { file: program, licence } = nodeProgram(arch)
  const entries = [
    ...productEntries(stage, '.', 'executable', facts, arch).filter(({ name }) => name !== '.'),
    file('./dist/start.cjs', START),
    file('./share/licenses/node.txt', readFileSync(licence)),
  ]
  const archive = tar(entries, seconds)
  const id = `${facts.version}-${createHash('sha256').update(archive).digest('hex').slice(0, 16)}`
  const work = mkdtempSync(join(tmpdir(), 'bifrost-executable-'))
  try {
    // Names without folders: Node writes them into the executable.
    copyFileSync(join(import.meta.dirname, 'executable-main.cjs'), join(work, 'main.cjs'))
    writeFileSync(
      join(work, 'product'),
      zstdCompressSync(archive, { params: { [constants.ZSTD_c_compressionLevel]: 12 } }),
    )
    writeFileSync(join(work, 'id'), id)
    const config = {
      main: 'main.cjs',
      output: 'bifrost',
      executable: program,
      disableExperimentalSEAWarning: true,
      useCodeCache: false,
      // As in ./launcher.sh.
      execArgv: ['--max-semi-space-size=2', '--heap-growing-percent=50'],
      execArgvExtension: 'env',
      assets: { product: 'product', id: 'id' },
    }
    writeFileSync(join(work, 'config.json'), JSON.stringify(config))
    execFileSync(nodeProgram(process.arch as Architecture).file, ['--build-sea', 'config.json'], {
      cwd: work,
      stdio: 'pipe',
    })
    return readFileSync(join(work, 'bifrost'))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
