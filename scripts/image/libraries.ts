/**
 * The C and C++ libraries that Node needs, from Debian's packages: `deploy/docker/libraries.json` names version and SHA-256 of each, for
 * both architectures. apt fetches them with lists of its own in a folder of its own, so that the machine's packages stay as they are.
 * Debian keeps the newest version only: when a security fix came, the build stops and says how to take it.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Architecture } from './trim-elf.ts'

const PINS = join(import.meta.dirname, '..', '..', 'deploy', 'docker', 'libraries.json')
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
/** Where scanners of images look for Debian packages without a package manager, as in Google's distroless images. */
export const STATUS = 'var/lib/dpkg/status.d'
const DEBIAN = { x64: 'amd64', arm64: 'arm64' } as const

interface Pin {
  readonly version: string
  readonly sha256: string
}

export interface Pins {
  readonly suite: string
  readonly packages: Readonly<Record<Architecture, Readonly<Record<string, Pin>>>>
}

export const readPins = (): Pins => JSON.parse(readFileSync(PINS, 'utf8')) as Pins

/** Unpacks the packages into a folder that is handed to `use` and removed afterwards. */
export function withLibraries<T>(architecture: Architecture, use: (unpacked: string) => T): T {
  const { packages } = readPins()
  return withApt(architecture, (apt, folder) => {
    const unpacked = join(folder, 'unpacked')
    mkdirSync(join(unpacked, STATUS), { recursive: true })
    for (const [name, { version, sha256 }] of Object.entries(packages[architecture])) {
      const file = download(apt, folder, name, version)
      const found = hash(file)
      if (found !== sha256) throw new Error(`${name} ${version} has SHA-256 ${found}; libraries.json names ${sha256}`)
      execFileSync('dpkg-deb', ['-x', file, unpacked])
      writeFileSync(join(unpacked, STATUS, name), execFileSync('dpkg-deb', ['-f', file]))
    }
    return use(unpacked)
  })
}

/** Writes into libraries.json what Debian has today. */
export function updatePins(): void {
  const pins = readPins()
  const packages = Object.fromEntries(
    (Object.keys(DEBIAN) as Architecture[]).map((architecture) => [
      architecture,
      withApt(architecture, (apt, folder) =>
        Object.fromEntries(
          Object.keys(pins.packages[architecture]).map((name) => {
            const version = newest(apt, name)
            return [name, { version, sha256: hash(download(apt, folder, name, version)) }]
          }),
        ),
      ),
    ]),
  )
  writeFileSync(PINS, `${JSON.stringify({ ...pins, packages }, null, 2)}\n`)
}

function withApt<T>(architecture: Architecture, use: (options: readonly string[], folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-debian-'))
  try {
    for (const part of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(folder, part), { recursive: true })
    const { suite } = readPins()
    const from = `deb [signed-by=${KEYRING}] http://deb.debian.org`
    const lists = [`${from}/debian ${suite} main`, `${from}/debian-security ${suite}-security main`]
    writeFileSync(join(folder, 'sources.list'), `${lists.join('\n')}\n`)
    // The status file is empty: nothing is installed, as far as this apt knows.
    writeFileSync(join(folder, 'status'), '')
    const options = [
      `APT::Architecture=${DEBIAN[architecture]}`,
      `APT::Architectures=${DEBIAN[architecture]}`,
      'APT::Sandbox::User=root',
      `Dir::Etc::sourcelist=${folder}/sources.list`,
      'Dir::Etc::sourceparts=-',
      `Dir::State::lists=${folder}/lists`,
      `Dir::State::status=${folder}/status`,
      `Dir::Cache=${folder}/cache`,
    ].flatMap((option) => ['-o', option])
    execFileSync('apt-get', [...options, '-qq', 'update'], { stdio: ['ignore', 'ignore', 'inherit'] })
    return use(options, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function download(apt: readonly string[], folder: string, name: string, version: string): string {
  const asked = [...apt, '-qq', 'download', `${name}=${version}`]
  const { status, stderr } = spawnSync('apt-get', asked, { cwd: folder, encoding: 'utf8' })
  if (status === 0) {
    const file = execFileSync('sh', ['-c', `ls ${name}_*.deb`], { cwd: folder, encoding: 'utf8' })
    return join(folder, file.trim())
  }
  throw new Error(
    `Debian has no ${name} ${version} any more, it has ${newest(apt, name)}: take it with "bin/launch scripts/image/build.ts --update", look at the changes, and build again (${stderr.trim()})`,
  )
}

function newest(apt: readonly string[], name: string): string {
  const text = execFileSync('apt-cache', [...apt, 'policy', name], { encoding: 'utf8' })
  return /Candidate: (\S+)/.exec(text)?.[1] ?? 'none'
}

const hash = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')
