/** `bifrost-VERSION-linux-ARCH.tar.gz`: the staged product and Node in one folder `bifrost-VERSION`; nothing else is needed to run it. */
import { readFileSync } from 'node:fs'
import { entriesOf, file, folder, gzip, tar, type Entry } from './archive.ts'
import type { BuildFacts } from './build-facts.ts'
import { nodeProgram, type Architecture } from './node-program.ts'

/** How a product came to a machine: `bifrost version --json` says it. */
export type Packaging = 'tarball' | 'deb' | 'npm' | 'executable'

/** The staged product below `prefix`, marked with how it is packed. Native parts of other architectures are left out. */
export function productEntries(
  stage: string,
  prefix: string,
  packaging: Packaging,
  facts: BuildFacts,
  arch?: Architecture,
): Entry[] {
  const other = arch === undefined ? undefined : `/prebuilds/linux-${arch === 'x64' ? 'arm64' : 'x64'}`
  return entriesOf(stage, prefix).flatMap((entry) => {
    if (other !== undefined && (entry.name.endsWith(other) || entry.name.includes(`${other}/`))) return []
    // The Node that comes along is of glibc.
    if (arch !== undefined && entry.name.endsWith('.musl.node')) return []
    if (entry.name.startsWith(`${prefix}/.cache`)) return []
    if (entry.name !== `${prefix}/build.json`) return [entry]
    return [file(entry.name, `${JSON.stringify({ ...facts, packaging }, null, 2)}\n`)]
  })
}

/** Node where the launcher looks for it, with its licence. */
export function nodeEntries(arch: Architecture, prefix: string): Entry[] {
  const { file: program, licence } = nodeProgram(arch)
  return [
    folder(`${prefix}/node`),
    folder(`${prefix}/node/bin`),
    file(`${prefix}/node/bin/node`, readFileSync(program), 0o755),
    file(`${prefix}/node/LICENSE`, readFileSync(licence)),
  ]
}

export function tarball(stage: string, facts: BuildFacts, arch: Architecture, seconds: number): Buffer {
  const prefix = `bifrost-${facts.version}`
  return gzip(tar([...productEntries(stage, prefix, 'tarball', facts, arch), ...nodeEntries(arch, prefix)], seconds))
}
