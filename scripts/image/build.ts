/**
 * The container image, without a container engine:
 *
 *     bin/launch scripts/image/build.ts --stage DIR --arch x64|arm64 --out FILE.tar [--name localhost/bifrost]
 *     bin/launch scripts/image/build.ts --stage DIR --arch x64|arm64 --rootfs DIR      its files only: what the Dockerfile does
 *     bin/launch scripts/image/build.ts --update                                       take the C libraries that Debian has today
 *
 * `--stage` is what scripts/release/stage.ts made. Needs Debian's apt-get and dpkg-deb, and for the other architecture npm.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { packImage } from './archive.ts'
import { updatePins } from './libraries.ts'
import { makeRootfs } from './rootfs.ts'
import type { ImageFacts } from './settings.ts'
import type { Architecture } from './trim-elf.ts'

const USAGE = `usage: bin/launch scripts/image/build.ts --stage DIR --arch x64|arm64 (--out FILE.tar [--name NAME] | --rootfs DIR)
       bin/launch scripts/image/build.ts --update`

const { values } = parseArgs({
  options: {
    stage: { type: 'string' },
    arch: { type: 'string', default: process.arch },
    out: { type: 'string' },
    rootfs: { type: 'string' },
    name: { type: 'string', default: 'localhost/bifrost' },
    update: { type: 'boolean', default: false },
  },
})
// Docker calls it amd64.
const arch = values.arch === 'amd64' ? 'x64' : values.arch
if (values.update) updatePins()
else if (values.stage === undefined || (values.out === undefined) === (values.rootfs === undefined) || !isKnown(arch)) {
  console.error(USAGE)
  process.exit(2)
} else if (values.rootfs !== undefined) makeRootfs(resolve(values.rootfs), resolve(values.stage), arch)
else await build(resolve(values.stage), arch, resolve(values.out!), values.name)

async function build(staged: string, architecture: Architecture, out: string, name: string): Promise<void> {
  const facts = JSON.parse(readFileSync(join(staged, 'build.json'), 'utf8')) as ImageFacts
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-image-'))
  try {
    makeRootfs(join(folder, 'rootfs'), staged, architecture)
    const image = await packImage(join(folder, 'rootfs'), name, facts, architecture)
    writeFileSync(out, image.bytes)
    const mega = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
    console.log(
      `${out}: ${name}:${facts.version} ${architecture}, ${mega(image.bytes.length)}, unpacked ${mega(image.unpackedBytes)}`,
    )
    console.log(`image sha256:${image.id}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function isKnown(text: string): text is Architecture {
  return text === 'x64' || text === 'arm64'
}
