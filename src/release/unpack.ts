/**
 * A verified tarball becomes a folder of `versions`. All happens in a folder beside it, which is moved into place when it is whole and on the
 * disk: what is cut off in the middle leaves nothing but that folder, which the next one sweeps away.
 */
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, globSync, mkdirSync, openSync, readFileSync, readSync, closeSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs' // prettier-ignore
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { GatewayError } from '../core/errors.ts'
import { commandOf, versionFolder, type Box } from './box.ts'
import type { Artifact } from './manifest.ts'
import { runProgram } from './program.ts'

/** What must stay free for the gateway itself. */
const RESERVE_BYTES = 48 * 2 ** 20

/** Throws RELEASE_REFUSED where size or hash are not those of the manifest. */
export async function checkArtifact(file: string, artifact: Artifact): Promise<void> {
  const hash = createHash('sha256')
  let bytes = 0
  await pipeline(createReadStream(file), async (parts: AsyncIterable<Buffer>) => {
    for await (const part of parts) {
      bytes += part.length
      hash.update(part)
    }
  })
  if (bytes !== artifact.bytes)
    throw new GatewayError('RELEASE_REFUSED', `${artifact.name} has ${bytes} bytes and should have ${artifact.bytes}: it was not copied whole`) // prettier-ignore
  const found = hash.digest('hex')
  if (found !== artifact.sha256)
    throw new GatewayError('RELEASE_REFUSED', `${artifact.name} has the SHA-256 ${found}, and the manifest says ${artifact.sha256}: it was damaged or exchanged`) // prettier-ignore
}

/** Throws UPDATE_FAILED where the disk has not this much and what the gateway needs beside it. */
export function checkSpace(folder: string, bytes: number, what: string): void {
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  if (free < bytes + RESERVE_BYTES)
    throw new GatewayError('UPDATE_FAILED', `${what} needs ${mib(bytes + RESERVE_BYTES)} MiB, and ${folder} has ${mib(free)} MiB left`) // prettier-ignore
}

const mib = (bytes: number): number => Math.ceil(bytes / 2 ** 20)

/** The folder of the version, unpacked, and able to say its own version on this machine. */
export async function unpackVersion(box: Box, tarball: string, version: string): Promise<void> {
  sweep(box)
  checkSpace(box.prefix, unpackedBytes(tarball), `unpacking ${version}`)
  const incoming = join(box.prefix, `.incoming-${version}`)
  mkdirSync(incoming, { recursive: true, mode: 0o755 })
  try {
    const tar = await runProgram('tar', ['-xzf', tarball, '-C', incoming, '--no-same-owner'], { timeoutMs: 600_000 })
    if (tar.code !== 0) throw failed(`${version} could not be unpacked: ${tar.output.trim()}`)
    const folder = join(incoming, `bifrost-${version}`)
    checkFolder(folder, version)
    const synced = await runProgram('sync', [], { timeoutMs: 600_000 })
    if (synced.code !== 0) throw failed(`${version} could not be forced to the disk: ${synced.output.trim()}`)
    rmSync(versionFolder(box, version), { recursive: true, force: true })
    mkdirSync(join(box.prefix, 'versions'), { recursive: true, mode: 0o755 })
    renameSync(folder, versionFolder(box, version))
  } finally {
    rmSync(incoming, { recursive: true, force: true })
  }
  const said = await runProgram(commandOf(box, version), ['version'])
  if (said.code === 0 && said.output.trim() === version) return
  rmSync(versionFolder(box, version), { recursive: true, force: true })
  throw failed(`${version} does not run on this machine: ${said.output.trim() || `exit code ${said.code}`}`)
}

/** What earlier tries left. */
export function sweep(box: Box): void {
  for (const folder of globSync(join(box.prefix, '.incoming-*'))) rmSync(folder, { recursive: true, force: true })
}

/** What the gate puts into place with a version, and judges by. */
const FOR_BOXES = ['bifrost.service', 'bifrost-update-gate.service', 'bifrost-gate']

function checkFolder(folder: string, version: string): void {
  const manifest = join(folder, 'package.json')
  if (!existsSync(manifest)) throw failed(`the tarball has no bifrost-${version}/package.json`)
  const says = (JSON.parse(readFileSync(manifest, 'utf8')) as { version?: unknown }).version
  if (says !== version) throw failed(`the tarball holds version ${String(says)}, and the manifest says ${version}`)
  const missing = FOR_BOXES.find((name) => !existsSync(join(folder, 'share', 'edge', name)))
  if (missing !== undefined) throw failed(`${version} has no share/edge/${missing}: it is not made for edge boxes`)
}

/** RFC 1952: the last four bytes of a gzip file are the size of what is in it, modulo 2^32. */
function unpackedBytes(tarball: string): number {
  const { size } = statSync(tarball)
  const handle = openSync(tarball, 'r')
  try {
    const last = Buffer.alloc(4)
    if (size < 18 || readSync(handle, last, 0, 4, size - 4) !== 4) return size
    return last.readUInt32LE(0)
  } finally {
    closeSync(handle)
  }
}

const failed = (message: string): GatewayError => new GatewayError('UPDATE_FAILED', message)
