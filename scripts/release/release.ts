/**
 * A whole release in one folder: tarballs, single executables and Debian packages for x64 and arm64, the npm package, the bill of
 * materials, the installer, and the signed manifest (src/release/FORMAT.md).
 *
 *     bin/launch scripts/release/release.ts --out DIR [--key FILE] [--channel stable] [--expires 180d|TIME] [--minimum-from VERSION]
 *       [--rollout PERCENT] [--arch x64]… [--add KIND:ARCH:FILE]… [--allow-unpinned]
 *
 * Two builds of one commit give the same bytes, wherever they are made; the key changes the signature alone. Without --key and
 * BIFROST_RELEASE_KEY (the PEM itself) the release is not signed, and nobody takes it. `bifrost update verify DIR` checks one.
 */
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { pinnedKeys } from '../../src/release/keys.ts'
import { encodeManifest, MANIFEST_FILE, SIGNATURE_FILE, type Artifact } from '../../src/release/manifest.ts'
import { signManifest } from '../../src/release/signature.ts'
import { sourceDateEpoch } from './build-facts.ts'
import { debianPackage, debianVersion, DEBIAN_ARCH } from './debian-package.ts'
import { writeDeclarations } from './declarations.ts'
import { executable } from './executable.ts'
import { ARCHITECTURES, type Architecture } from './node-program.ts'
import { npmPackage } from './npm-package.ts'
import { sbom } from './sbom.ts'
import { stage } from './stage.ts'
import { tarball } from './tarball.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const DAY_MS = 86_400_000

export interface ReleaseOrder {
  readonly out: string
  /** PEM of an ed25519 private key. */
  readonly key?: string
  readonly channel: string
  /** ISO 8601, or days as `180d` from the date of the build. */
  readonly expires: string
  readonly minimumFrom?: string
  readonly rollout?: number
  readonly architectures: readonly Architecture[]
  /** Files that others made, such as the image: KIND:ARCH:FILE. */
  readonly add: readonly string[]
  /** Signs with a key that no program trusts by itself: tests and builds of one's own. */
  readonly allowUnpinned: boolean
}

/** Writes the release into the folder, which must be empty or missing. */
export async function release(order: ReleaseOrder, tell: (line: string) => void): Promise<void> {
  const { out, key } = order
  if (existsSync(out) && readdirSync(out).length > 0) throw new Error(`${out} is not empty; name a new folder`)
  if (key !== undefined && !order.allowUnpinned) assertPinned(key)
  mkdirSync(out, { recursive: true })
  const seconds = sourceDateEpoch()
  const work = mkdtempSync(join(tmpdir(), 'bifrost-release-'))
  try {
    const staged = join(work, 'stage')
    const { facts, parties } = await stage(staged)
    const { version } = facts
    const artifacts: Artifact[] = []
    const add = (name: string, kind: Artifact['kind'], arch: Artifact['arch'], bytes: Uint8Array) => {
      writeFileSync(join(out, name), bytes)
      if (kind === 'executable') chmodSync(join(out, name), 0o755)
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      artifacts.push({ name, kind, os: 'linux', arch, bytes: bytes.length, sha256 })
      tell(`${sha256}  ${name}  ${(bytes.length / 1e6).toFixed(1)} MB`)
    }
    for (const arch of order.architectures) {
      add(`bifrost-${version}-linux-${arch}.tar.gz`, 'tarball', arch, tarball(staged, facts, arch, seconds))
      add(`bifrost-${version}-linux-${arch}`, 'executable', arch, executable(staged, facts, arch, seconds))
      add(
        `bifrost_${debianVersion(version)}_${DEBIAN_ARCH[arch]}.deb`,
        'deb',
        arch,
        debianPackage(staged, facts, arch, seconds),
      )
    }
    const types = join(work, 'types')
    mkdirSync(types)
    writeDeclarations(types)
    add(`bifrost-gateway-${version}.tgz`, 'npm', 'any', npmPackage(staged, types, facts, seconds))
    add(`bifrost-${version}.cdx.json`, 'sbom', 'any', Buffer.from(sbom(facts, parties)))
    for (const text of order.add) {
      const [kind, arch, ...path] = text.split(':')
      const file = path.join(':')
      add(basename(file), kind as Artifact['kind'], arch as Artifact['arch'], readFileSync(file))
    }
    const installer = join(ROOT, 'deploy', 'edge', 'install.sh')
    if (existsSync(installer)) cpSync(installer, join(out, 'install.sh'))
    const manifest = encodeManifest({
      format: 1,
      product: 'bifrost',
      channel: order.channel,
      version,
      created: facts.builtAt,
      expires: expiryOf(order.expires, facts.builtAt),
      ...(order.minimumFrom === undefined ? {} : { minimumFrom: order.minimumFrom }),
      ...(order.rollout === undefined ? {} : { rollout: { percent: order.rollout } }),
      artifacts,
    })
    writeFileSync(join(out, MANIFEST_FILE), manifest)
    if (key === undefined) tell('not signed: nobody takes it. Sign with --key FILE, or BIFROST_RELEASE_KEY.')
    else writeFileSync(join(out, SIGNATURE_FILE), signManifest(manifest, key))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Before anything is built: a release that nobody takes is found out in a second. */
function assertPinned(key: string): void {
  const id = signManifest(new Uint8Array(0), key).split(' ', 1)[0]!
  const pinned = pinnedKeys().map((one) => one.id)
  if (!pinned.includes(id))
    throw new Error(
      `the key ${id} is none of those that programs trust (${pinned.join(', ')}, src/release/keys.ts): nobody would take this release. --allow-unpinned signs all the same`,
    )
}

function expiryOf(text: string, builtAt: string): string {
  const days = /^(\d{1,4})d$/.exec(text)
  if (days === null) return text
  return new Date(Date.parse(builtAt) + Number(days[1]) * DAY_MS).toISOString()
}

/** The options of the command line; throws for what they do not say. */
function parseOrder(args: string[]): ReleaseOrder {
  const one = { type: 'string' } as const
  const { values } = parseArgs({
    args,
    options: {
      out: one,
      key: one,
      channel: { ...one, default: 'stable' },
      expires: { ...one, default: '180d' },
      'minimum-from': one,
      rollout: one,
      arch: { ...one, multiple: true },
      add: { ...one, multiple: true },
      'allow-unpinned': { type: 'boolean' },
    },
  })
  if (values.out === undefined) throw new Error('--out DIR is missing')
  const key = values.key === undefined ? process.env.BIFROST_RELEASE_KEY : readFileSync(values.key, 'utf8')
  const unknown = values.arch?.find((arch) => !(ARCHITECTURES as readonly string[]).includes(arch))
  if (unknown !== undefined) throw new Error(`--arch ${unknown}: there are ${ARCHITECTURES.join(', ')}`)
  const minimumFrom = values['minimum-from']
  return {
    out: resolve(values.out),
    ...(key === undefined || key === '' ? {} : { key }),
    channel: values.channel,
    expires: values.expires,
    ...(minimumFrom === undefined ? {} : { minimumFrom }),
    ...(values.rollout === undefined ? {} : { rollout: Number(values.rollout) }),
    architectures: (values.arch as Architecture[] | undefined) ?? ARCHITECTURES,
    add: values.add ?? [],
    allowUnpinned: values['allow-unpinned'] === true,
  }
}

if (import.meta.main) {
  try {
    await release(parseOrder(process.argv.slice(2)), (line) => console.log(line))
  } catch (error) {
    console.error(`release: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  }
}
