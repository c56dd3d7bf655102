/**
 * Node as the lock file names it, for either architecture: the one that is installed, else the package as npm's registry gives it, held
 * against the lock file's hash. What the tests ran on is what the image holds.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { trimElf, type Architecture } from './trim-elf.ts'

const ROOT = join(import.meta.dirname, '..', '..')

export interface NodeBinary {
  readonly version: string
  /** Without symbols. */
  readonly bytes: Uint8Array
  readonly licence: Uint8Array
}

export function nodeBinary(architecture: Architecture): NodeBinary {
  const name = `node-linux-${architecture}`
  const installed = join(ROOT, 'node_modules', name)
  if (existsSync(join(installed, 'bin', 'node'))) return read(installed, architecture)
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-node-'))
  try {
    return read(fetchPackage(name, folder), architecture)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function read(folder: string, architecture: Architecture): NodeBinary {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
  return {
    version,
    bytes: trimElf(readFileSync(join(folder, 'bin', 'node')), architecture),
    licence: readFileSync(join(folder, 'LICENSE')),
  }
}

/** The unpacked folder; throws when its bytes are not those that the lock file names. */
function fetchPackage(name: string, folder: string): string {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string; integrity: string }>
  }
  const { version, integrity } = lock.packages[`node_modules/${name}`]!
  const words = ['pack', `${name}@${version}`, '--pack-destination', folder, '--silent']
  const file = join(folder, execFileSync('npm', words, { encoding: 'utf8', cwd: folder }).trim())
  const [algorithm, expected] = [
    integrity.slice(0, integrity.indexOf('-')),
    integrity.slice(integrity.indexOf('-') + 1),
  ]
  if (createHash(algorithm).update(readFileSync(file)).digest('base64') !== expected)
    throw new Error(`${name}@${version} is not what package-lock.json names: ${integrity}`)
  execFileSync('tar', ['-xzf', file, '-C', folder])
  return join(folder, 'package')
}
