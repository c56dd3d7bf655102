/**
 * `bifrost_VERSION_ARCH.deb` (deb(5)): the product in /usr/lib/bifrost, the command, the service of deploy/edge, a configuration that
 * dpkg keeps. Written here rather than by dpkg-deb, so that no tool of the machine takes part in its bytes.
 */
import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ar, file, folder, gzip, link, tar, type Entry } from './archive.ts'
import type { BuildFacts } from './build-facts.ts'
import type { Architecture } from './node-program.ts'
import { nodeEntries, productEntries } from './tarball.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const PARTS = join(import.meta.dirname, 'debian')
const MAINTAINER = 'Bifrost maintainers <maintainers@bifrost.invalid>'
const ON_BOXES = '/opt/bifrost/current/bin/bifrost'
/** Debian's word for the architecture. */
export const DEBIAN_ARCH = { x64: 'amd64', arm64: 'arm64' } as const

export function debianPackage(stage: string, facts: BuildFacts, arch: Architecture, seconds: number): Buffer {
  const data = dataEntries(stage, facts, arch, seconds)
  const files = data.filter(({ kind }) => kind === 'file')
  const sums = files
    .map(({ name, bytes }) => `${createHash('md5').update(bytes).digest('hex')}  ${name.slice(2)}\n`)
    .sort()
  const kib = data.reduce((sum, { bytes }) => sum + Math.max(1, Math.ceil(bytes.length / 1024)), 0)
  const control = [
    folder('.'),
    file('./control', controlText(facts, arch, kib)),
    file('./conffiles', '/etc/bifrost/bifrost.yaml\n'),
    file('./md5sums', sums.join('')),
    ...['postinst', 'prerm', 'postrm'].map((name) => file(`./${name}`, readFileSync(join(PARTS, name)), 0o755)),
  ]
  const members = [
    ['debian-binary', Buffer.from('2.0\n')],
    ['control.tar.gz', gzip(tar(control, seconds))],
    ['data.tar.gz', gzip(tar(data, seconds))],
  ] as const
  return ar(members, seconds)
}

function dataEntries(stage: string, facts: BuildFacts, arch: Architecture, seconds: number): Entry[] {
  const folders = ['', '/etc', '/etc/bifrost', '/lib', '/lib/systemd', '/lib/systemd/system', '/usr', '/usr/bin', '/usr/lib', '/usr/share', '/usr/share/doc', '/usr/share/doc/bifrost', '/usr/share/lintian', '/usr/share/lintian/overrides'] // prettier-ignore
  const product = productEntries(stage, './usr/lib/bifrost', 'deb', facts, arch)
    // Installing, updating and taking back is dpkg's work here, and units lie where it puts them.
    .filter(({ name }) => !/^\.\/usr\/lib\/bifrost\/share\/(edge|backup\/.*\.(service|timer)$)/.test(name))
  return [
    ...folders.map((name) => folder(`.${name}`)),
    ...product,
    ...nodeEntries(arch, './usr/lib/bifrost'),
    link('./usr/bin/bifrost', '../lib/bifrost/bin/bifrost'),
    file('./etc/bifrost/bifrost.yaml', readFileSync(join(PARTS, 'bifrost.yaml'))),
    file(
      './lib/systemd/system/bifrost.service',
      serviceOf(readFileSync(join(ROOT, 'deploy', 'edge', 'bifrost.service'), 'utf8')),
    ),
    ...backupUnits().map(([name, text]) => file(`./lib/systemd/system/${name}`, text)),
    file('./usr/share/doc/bifrost/copyright', readFileSync(join(PARTS, 'copyright'))),
    file('./usr/share/doc/bifrost/changelog.gz', gzip(Buffer.from(changelog(facts, seconds)))),
    file('./usr/share/lintian/overrides/bifrost', readFileSync(join(PARTS, 'lintian-overrides'))),
  ]
}

function controlText({ version }: BuildFacts, arch: Architecture, kib: number): string {
  return `Package: bifrost
Version: ${debianVersion(version)}
Architecture: ${DEBIAN_ARCH[arch]}
Maintainer: ${MAINTAINER}
Installed-Size: ${kib}
Depends: libc6 (>= 2.28), libstdc++6 (>= 5.2), libgcc-s1 | libgcc1, libatomic1, adduser
Suggests: restic, age
Section: net
Priority: optional
Description: industrial gateway
 Reads PLCs, meters and drives over Modbus and OPC UA, keeps every value until
 it is delivered to MQTT, Kafka, databases and others, and says how good it is.
 .
 Node.js is contained; nothing of the machine's own Node.js is used.
`
}

/** SemVer's `1.2.3-beta.1` comes before `1.2.3`, which Debian writes with a tilde; `-` would begin a revision. */
export const debianVersion = (version: string): string => version.replace('-', '~').replaceAll('-', '.')

const ONLY_BOXES =
  /^(ExecStartPre=.*bifrost-gate|# A version on trial|Documentation=|Memory(High|Max|SwapMax)=|# The profile of|Environment=(NODE_OPTIONS|BIFROST_MEMORY)=|# The heap of|# 1,000 devices|# Garbage is)/

/**
 * The service of an edge box, with the paths of a package: what only belongs to boxes that update themselves (the gate) and to the
 * profile of 256 MB is left out. Throws when the file no longer has what is replaced here.
 */
export function serviceOf(unit: string): string {
  const lines = unit.split('\n').filter((line) => !ONLY_BOXES.test(line))
  const text = lines.slice(lines.indexOf('[Unit]')).join('\n')
  if (!text.includes(`ExecStart=${ON_BOXES} `))
    throw new Error(`deploy/edge/bifrost.service has no ExecStart=${ON_BOXES}`)
  return `# Changes of your own belong into drop-ins (systemctl edit bifrost), which an upgrade leaves alone.\n${placed('deploy/edge/bifrost.service', text)}`
}

/** Services and timers of deploy/backup, with the paths of a package. Nobody switches them on but who has set up backups. */
export function backupUnits(): readonly (readonly [name: string, text: string])[] {
  const files = globSync('deploy/backup/*.{service,timer}', { cwd: ROOT }).toSorted()
  return files.map((name) => [basename(name), placed(name, readFileSync(join(ROOT, name), 'utf8'))] as const)
}

function placed(name: string, unit: string): string {
  const text = unit.replaceAll(ON_BOXES, '/usr/bin/bifrost')
  const left = /^.*\/opt\/bifrost.*$/m.exec(text)
  if (left !== null) throw new Error(`${name}: what is this line in a Debian package: ${left[0]}`)
  return text
}

function changelog({ version }: BuildFacts, seconds: number): string {
  const date = new Date(seconds * 1000).toUTCString().replace('GMT', '+0000')
  return `bifrost (${debianVersion(version)}) stable; urgency=medium\n\n  * What changed: CHANGELOG.md of the release.\n\n -- ${MAINTAINER}  ${date}\n`
}
