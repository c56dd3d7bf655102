/**
 * The image as one file, without a container engine: layers are tar files, the rest is JSON. The format is that of `docker save` (Docker
 * Image Specification 1.2), since OCI images have no health check; `docker load`, `podman load` and `skopeo` read it. Names are sorted,
 * times are those of the commit, owners are numbers: two builds give the same bytes.
 */
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import { packTar, type TarEntry } from 'modern-tar'
import { DATA, imageSettings, USER_ID, type ImageFacts } from './settings.ts'
import type { Architecture } from './trim-elf.ts'

export interface ImageFile {
  readonly bytes: Uint8Array
  /** SHA-256 of the configuration: the image's id. */
  readonly id: string
  /** What its files take when they are unpacked. */
  readonly unpackedBytes: number
}

/** Packs the folders `base` and `app` of a root file system; `name` is such as `localhost/bifrost`, which Docker and podman understand alike. */
export async function packImage(
  rootfs: string,
  name: string,
  facts: ImageFacts,
  architecture: Architecture,
): Promise<ImageFile> {
  const time = new Date(facts.builtAt)
  const entries = [entriesOf(join(rootfs, 'base'), time), [...entriesOf(join(rootfs, 'app'), time), dataFolder(time)]]
  const layers = await Promise.all(entries.map(async (layer) => packTar(layer)))
  const hashes = layers.map((layer) => sha256(layer))
  // Podman reads no archive that is compressed as a whole; compressed layers are read by all.
  const packed = await Promise.all(
    layers.map((layer) => promisify(gzip)(layer, { level: constants.Z_BEST_COMPRESSION })),
  )
  const config = json({
    architecture: architecture === 'x64' ? 'amd64' : architecture,
    os: 'linux',
    created: facts.builtAt,
    config: imageSettings(facts),
    rootfs: { type: 'layers', diff_ids: hashes.map((hash) => `sha256:${hash}`) },
    history: ['C libraries and Node', 'Bifrost'].map((comment) => ({ created: facts.builtAt, comment })),
  })
  const id = sha256(config)
  const manifest = json([
    { Config: `${id}.json`, RepoTags: [`${name}:${facts.version}`], Layers: hashes.map((hash) => `${hash}/layer.tar`) },
  ])
  const file = (path: string, data: Uint8Array): TarEntry => ({ header: header(path, time, data.length), body: data })
  const bytes = await packTar([
    file(`${id}.json`, config),
    ...packed.map((layer, at) => file(`${hashes[at]}/layer.tar`, layer)),
    file('manifest.json', manifest),
  ])
  const unpackedBytes = entries.flat().reduce((sum, entry) => sum + (entry.header.size ?? 0), 0)
  return { bytes, id, unpackedBytes }
}

function entriesOf(root: string, time: Date, below = ''): TarEntry[] {
  const names = readdirSync(join(root, below)).toSorted()
  return names.flatMap((name): TarEntry[] => {
    const path = below === '' ? name : `${below}/${name}`
    const full = join(root, path)
    const stat = lstatSync(full)
    const mode = stat.mode & 0o777
    if (stat.isSymbolicLink())
      return [{ header: { ...header(path, time, 0), type: 'symlink', linkname: readlinkSync(full), mode: 0o777 } }]
    if (stat.isDirectory())
      return [{ header: { ...header(`${path}/`, time, 0), type: 'directory', mode } }, ...entriesOf(root, time, path)]
    return [{ header: { ...header(path, time, stat.size), mode }, body: readFileSync(full) }]
  })
}

/** The one folder that the gateway may write. */
const dataFolder = (time: Date): TarEntry => ({
  header: { ...header(`${DATA.slice(1)}/`, time, 0), type: 'directory', mode: 0o755, uid: USER_ID, gid: USER_ID },
})

const header = (name: string, mtime: Date, size: number) =>
  ({ name, size, mtime, mode: 0o644, uid: 0, gid: 0, uname: '', gname: '', type: 'file' }) as const

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
