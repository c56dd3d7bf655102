/**
 * Makes a signed release out of a product folder (the staged product, with `node/bin/node` beside it), under any version, and broken on purpose
 * if asked: for `deploy/edge/try-edge.sh`. Its key is made where there is none, and is good for nothing else.
 *
 *     bin/launch scripts/try-release.ts --product DIR --version 1.1.0 --out DIR --key FILE [--broken exit|hang|mute] [--minutes N]
 */
import { execFileSync } from 'node:child_process'
import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { encodeManifest } from '../src/release/manifest.ts'
import { signManifest } from '../src/release/signature.ts'

const { values } = parseArgs({
  options: {
    product: { type: 'string' },
    version: { type: 'string' },
    out: { type: 'string' },
    key: { type: 'string' },
    broken: { type: 'string' },
    minutes: { type: 'string', default: '1440' },
  },
})
const { product, version, out, key, broken } = values
if (product === undefined || version === undefined || out === undefined || key === undefined)
  throw new Error('usage: try-release.ts --product DIR --version V --out DIR --key FILE [--broken exit|hang|mute]')

const folder = resolve(out)
const unpacked = join(folder, `bifrost-${version}`)
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
cpSync(resolve(product), unpacked, { recursive: true, verbatimSymlinks: true })
for (const part of ['edge', 'backup'])
  cpSync(join(import.meta.dirname, '..', 'deploy', part), join(unpacked, 'share', part), { recursive: true })
// So that each switch exchanges the units and the gate, and shows which of them are there.
for (const unit of globSync('share/{edge/{*.service,*.timer,bifrost-gate},backup/*.{service,timer}}', {
  cwd: unpacked,
}))
  appendFileSync(join(unpacked, unit), `# of ${version}\n`)
for (const name of ['package.json', 'build.json']) {
  const file = join(unpacked, name)
  if (existsSync(file)) writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), version }))
}
if (broken !== undefined) breakIt(join(unpacked, 'bin', 'bifrost'), broken)

const arch = process.arch === 'arm64' ? 'arm64' : 'x64'
const name = `bifrost-${version}-linux-${arch}.tar.gz`
execFileSync('tar', ['-C', folder, '-I', 'gzip -1', '-cf', join(folder, name), `bifrost-${version}`])
rmSync(unpacked, { recursive: true })
const bytes = readFileSync(join(folder, name))
const sha256 = createHash('sha256').update(bytes).digest('hex')
const manifest = encodeManifest({
  format: 1,
  product: 'bifrost',
  channel: 'stable',
  version,
  created: isoAfter(0),
  expires: isoAfter(Number(values.minutes)),
  artifacts: [{ name, kind: 'tarball', os: 'linux', arch, bytes: bytes.length, sha256 }],
})
writeFileSync(join(folder, 'manifest.json'), manifest)
writeFileSync(join(folder, 'manifest.json.sig'), signManifest(manifest, privateKey(resolve(key))))
cpSync(join(import.meta.dirname, '..', 'deploy', 'edge', 'install.sh'), join(folder, 'install.sh'))
console.log(
  `${folder}: ${name}, ${(bytes.length / 2 ** 20).toFixed(1)} MiB${broken === undefined ? '' : `, broken: ${broken}`}`,
)

function privateKey(file: string): string {
  if (!existsSync(file)) {
    const made = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })
    writeFileSync(file, made, { mode: 0o600 })
    writeFileSync(`${file}.pub`, createPublicKey(made).export({ type: 'spki', format: 'pem' }))
  }
  return readFileSync(file, 'utf8')
}

/** Only `run` is broken: what the installer asks before the switch still answers. mute: runs, and never says that it is ready. */
function breakIt(command: string, how: string): void {
  const real = `${command}-real`
  renameSync(command, real)
  const does = {
    exit: 'echo "broken on purpose" >&2; exit 1',
    hang: 'exec sleep infinity',
    mute: 'unset NOTIFY_SOCKET',
  }
  const [, line] = Object.entries(does).find(([word]) => word === how) ?? []
  if (line === undefined) throw new Error(`--broken exit, hang or mute, not ${how}`)
  writeFileSync(command, `#!/bin/sh\nif [ "$1" = run ]; then ${line}; fi\nexec "$(readlink -f "$0")-real" "$@"\n`)
  chmodSync(command, 0o755)
}

function isoAfter(minutes: number): string {
  return new Date(Date.now() + minutes * 60_000).toISOString()
}
