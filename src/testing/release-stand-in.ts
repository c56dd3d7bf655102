/**
 * Releases for tests: real manifests, signatures and tarballs, with a shell script in the place of the gateway, and a `systemctl` that plays
 * systemd for it (with a file `slow` in its folder a restart takes three seconds, with `refuses` the next one fails, with `stale` it says that a unit was changed since it read it). How a version behaves stands in a file of the box: `healthy`, `dead` (does not start), `mute` (runs and is not ready).
 */
import { spawnSync } from 'node:child_process'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { appendFileSync, cpSync, globSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { boxAt, type Box } from '../release/box.ts'
import { encodeManifest, type Artifact, type Manifest } from '../release/manifest.ts'
import { signManifest } from '../release/signature.ts'

const ROOT = join(import.meta.dirname, '..', '..')

export interface SigningKey {
  readonly privatePem: string
  readonly publicPem: string
}

export function newSigningKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }),
  }
}

export type Behaviour = 'healthy' | 'dead' | 'mute'

export interface StandIn {
  readonly version: string
  readonly key: SigningKey
  readonly arch?: 'x64' | 'arm64'
  readonly manifest?: Partial<Manifest>
  /** So many bytes more in it, that do not compress. */
  readonly ballast?: Buffer
  /** A file of share/edge that it has not. */
  readonly without?: string
}

/** Writes a release into the folder, which is made. */
export function makeRelease(folder: string, { version, key, arch, manifest, ballast, without }: StandIn): Manifest {
  const product = join(folder, `bifrost-${version}`)
  mkdirSync(join(product, 'bin'), { recursive: true })
  mkdirSync(join(product, 'share'), { recursive: true })
  shareOf(version, product)
  writeFileSync(join(product, 'package.json'), JSON.stringify({ name: 'bifrost-gateway', version, type: 'module' }))
  if (without !== undefined) rmSync(join(product, 'share', 'edge', without))
  if (ballast !== undefined) writeFileSync(join(product, 'ballast'), ballast)
  writeFileSync(join(product, 'bin', 'bifrost'), commandScript(version), { mode: 0o755 })
  const name = `bifrost-${version}-linux-${arch ?? hostArch()}.tar.gz`
  run('tar', ['-czf', join(folder, name), '-C', folder, `bifrost-${version}`])
  run('rm', ['-rf', product])
  const content: Manifest = {
    format: 1,
    product: 'bifrost',
    channel: 'stable',
    version,
    created: '2024-01-01T00:00:00Z',
    expires: '2036-01-01T00:00:00Z',
    artifacts: [artifactOf(folder, name, arch ?? hostArch())],
    ...manifest,
  }
  writeManifest(folder, content, key)
  return content
}

/** What a version brings to the box beside the program: the real units and the real gate, which say by a last line of which version they are. */
function shareOf(version: string, product: string): void {
  for (const part of ['edge', 'backup'])
    cpSync(join(ROOT, 'deploy', part), join(product, 'share', part), { recursive: true })
  for (const name of globSync('share/{edge/{*.service,*.timer,bifrost-gate},backup/*.{service,timer}}', {
    cwd: product,
  }))
    appendFileSync(join(product, name), `# of ${version}\n`)
}

export function writeManifest(folder: string, content: Manifest, key: SigningKey): void {
  const bytes = encodeManifest(content)
  writeFileSync(join(folder, 'manifest.json'), bytes)
  writeFileSync(join(folder, 'manifest.json.sig'), signManifest(bytes, key.privatePem))
}

function artifactOf(folder: string, name: string, arch: Artifact['arch']): Artifact {
  const bytes = readFileSync(join(folder, name))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { name, kind: 'tarball', os: 'linux', arch, bytes: bytes.length, sha256 }
}

const hostArch = (): 'x64' | 'arm64' => (process.arch === 'arm64' ? 'arm64' : 'x64')

/** A box below `root` on which `version` is installed and runs, with the played systemd on the PATH of `env`. */
export function makeBox(root: string, version?: string): { box: Box; env: Record<string, string> } {
  const box = boxAt(root)
  for (const folder of [
    box.etc,
    box.state,
    join(root, 'behaviour'),
    join(root, 'bin'),
    join(root, 'systemd'),
    join(root, 'var', 'lib', 'bifrost'),
  ])
    mkdirSync(folder, { recursive: true })
  writeFileSync(join(root, 'bin', 'systemctl'), SYSTEMCTL, { mode: 0o755 })
  if (version !== undefined) {
    writeFileSync(join(box.etc, 'bifrost.yaml'), 'version: 1\n')
    const product = join(box.prefix, 'versions', version)
    mkdirSync(join(product, 'bin'), { recursive: true })
    shareOf(version, product)
    writeFileSync(join(product, 'bin', 'bifrost'), commandScript(version), { mode: 0o755 })
    symlinkSync(`versions/${version}`, join(box.prefix, 'current'))
    cpSync(join(product, 'share', 'edge', 'bifrost-gate'), join(box.prefix, 'bifrost-gate'))
    for (const name of globSync('share/{edge,backup}/*.{service,timer}', { cwd: product }))
      cpSync(join(product, name), join(root, 'etc', 'systemd', 'system', basename(name)))
    behave(root, version, 'healthy')
  }
  const path = `${join(root, 'bin')}:${process.env.PATH ?? ''}`
  return { box, env: { PATH: path, BIFROST_UPDATE_ROOT: root, BIFROST_GATE_STEADY: '1' } }
}

export const behave = (root: string, version: string, how: Behaviour): void =>
  writeFileSync(join(root, 'behaviour', version), how)

/** What it is asked as: `version`, `check`, `health`. A configuration that holds `refused-by-VERSION` is refused. */
const commandScript = (version: string): string => `#!/bin/sh
# Health is that of what runs, whoever asks.
how=$(cat "$BIFROST_UPDATE_ROOT/behaviour/$(cat "$BIFROST_UPDATE_ROOT/systemd/runs" 2>/dev/null)" 2>/dev/null)
case $1 in
  version) echo ${version} ;;
  check) if grep -q 'refused-by-${version}' "$3"; then echo "$3:2:1: refused here"; exit 78; fi ;;
  user) if grep -q 'newer-than-${version}' "$BIFROST_UPDATE_ROOT/var/lib/bifrost/accounts.db"; then echo 'was made by a newer Bifrost'; exit 1; fi ;;
  health) if [ "$how" = healthy ] || [ -z "$how" ]; then echo ok; else echo '[-] store: no'; exit 1; fi ;;
esac
`

/** `restart` starts what the link shows: with ExecStartPre of the real unit before it, which may move the link. */
const SYSTEMCTL = `#!/bin/sh
dir=$BIFROST_UPDATE_ROOT/systemd
echo "$*" >>"$dir/calls"
launch() {
  "$BIFROST_UPDATE_ROOT/opt/bifrost/bifrost-gate" start
  version=$(basename "$(readlink "$BIFROST_UPDATE_ROOT/opt/bifrost/current")")
  how=$(cat "$BIFROST_UPDATE_ROOT/behaviour/$version" 2>/dev/null)
  n=$(($(cat "$dir/starts" 2>/dev/null || echo 0) + 1))
  echo "$n" >"$dir/starts"
  echo "$version" >"$dir/runs"
  if [ "$how" = dead ]; then echo activating >"$dir/active"; else echo active >"$dir/active"; fi
}
case $* in
  *show*NeedDaemonReload*) if [ -f "$dir/stale" ]; then echo yes; else echo no; fi ;;
  daemon-reload) rm -f "$dir/stale" ;;
  *show*InvocationID*--value*) printf '%032d\\n' "$(cat "$dir/starts" 2>/dev/null || echo 0)" ;;
  *show*)
    if [ "$(cat "$dir/active" 2>/dev/null)" = activating ]; then launch; fi
    starts=$(cat "$dir/starts" 2>/dev/null || echo 0)
    echo "MainPID=$((1000 + starts))"
    echo "InvocationID=$(printf '%032d' "$starts")"
    echo "ActiveState=$(cat "$dir/active" 2>/dev/null || echo inactive)"
    echo "StatusText=Running: http://127.0.0.1:8080"
    echo "WatchdogUSec=20s"
    echo "WatchdogTimestampMonotonic=4711"
    ;;
  *restart*bifrost.service*)
    if [ -f "$dir/refuses" ]; then rm "$dir/refuses"; exit 1; fi
    if [ -f "$dir/slow" ]; then (sleep 3 && launch) >/dev/null 2>&1 & else launch; fi
    ;;
  *stop*bifrost.service*) echo inactive >"$dir/active" ;;
  *start*bifrost-update-gate.service*)
    # Who asks while it runs waits for it; without a trial its condition is not met.
    exec flock -o "$dir/judge" sh -c '[ ! -f "$1/var/lib/bifrost-update/trial" ] || exec "$1/opt/bifrost/bifrost-gate" judge' sh "$BIFROST_UPDATE_ROOT"
    ;;
esac
`

function run(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
}
