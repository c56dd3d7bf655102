/**
 * The whole way of an update, in the order of FORMAT.md: signature, product, expiry, version, architecture, download, hash, unpacking, the
 * configuration, the switch. Up to the switch nothing that runs is touched; whatever is refused leaves all as it was.
 */
import { globSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../core/errors.ts'
import { installedVersion, versionFolder, type Box } from './box.ts'
import type { TrustedKey } from './keys.ts'
import { alone } from './lock.ts'
import { MANIFEST_FILE, MAX_MANIFEST_BYTES, SIGNATURE_FILE, type Artifact, type Manifest } from './manifest.ts'
import { MAX_SIGNATURE_BYTES } from './signature.ts'
import type { ReleaseSource } from './source.ts'
import { forgive, previousVersion, readTrial, whyBad } from './state.ts'
import { checkConfiguration, prune, switchTo, type Gate } from './switch.ts'
import { checkArtifact, checkSpace, sweep, unpackVersion } from './unpack.ts'
import { artifactFor, checkVersion, verifyManifest, type VerifiedManifest } from './verify.ts'

export interface Update {
  readonly box: Box
  readonly source: ReleaseSource
  readonly trusted: readonly TrustedKey[]
  readonly channel: string
  readonly gate: Gate
  /** Versions that stay on the box. */
  readonly keep: number
  readonly allowDowngrade: boolean
  /** Take a version once more that did not come up before. */
  readonly again: boolean
  /** As Node names it. */
  readonly arch: string
  readonly now: number
  /** Asked once more just before the switch: why it may not be made now. */
  whyNotNow?(): string | undefined
  /** Told what is being done. */
  say(line: string): void
}

export interface Offer extends VerifiedManifest {
  readonly installed: string
  readonly artifact: Artifact
  /** The version that is offered is not the one that is installed. */
  readonly isNew: boolean
  /** Why it was left before. */
  readonly bad: string | undefined
}

/** The manifest of a source, verified for this channel. */
export async function readRelease(
  source: ReleaseSource,
  expected: { readonly trusted: readonly TrustedKey[]; readonly channel?: string; readonly now: number },
  signal: AbortSignal,
): Promise<VerifiedManifest> {
  const bytes = await source.read(MANIFEST_FILE, MAX_MANIFEST_BYTES, signal)
  const signatures = await source.read(SIGNATURE_FILE, MAX_SIGNATURE_BYTES, signal)
  return verifyManifest(bytes, signatures.toString('latin1'), expected)
}

/** What the source has for this box; throws RELEASE_REFUSED where it may not take it. */
export async function look(update: Update, signal: AbortSignal): Promise<Offer> {
  const { box, source, arch } = update
  const installed = installedVersion(box)
  const release = await readRelease(source, update, signal)
  checkVersion(release.manifest, { version: installed, allowDowngrade: update.allowDowngrade })
  const { version } = release.manifest
  return {
    ...release,
    installed,
    artifact: artifactFor(release.manifest, 'tarball', arch),
    isNew: version !== installed,
    bad: whyBad(box, version),
  }
}

/** Takes what `look` found; resolves when it is confirmed, or with why it was left for another time after all. */
export async function take(
  update: Update,
  { manifest, artifact, bad }: Offer,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { box, say } = update
  const { version } = manifest
  if (bad !== undefined && !update.again)
    throw new GatewayError('UPDATE_FAILED', `${version} was left before (${bad}): --again tries it once more`)
  return alone(box, async () => {
    // Somebody else may have installed another one since the look.
    checkVersion(manifest, { version: installedVersion(box), allowDowngrade: update.allowDowngrade })
    if (version === installedVersion(box)) throw new GatewayError('CONFLICT', `${version} is installed already`)
    const trial = readTrial(box)
    if (trial !== undefined)
      throw new GatewayError('CONFLICT', `${trial.to} is on trial since ${trial.began}: wait for its verdict`)
    sweep(box)
    const tarball = await download(update, artifact, signal)
    say(`unpacking ${version}`)
    await unpackVersion(box, tarball, version)
    try {
      await checkConfiguration(box, version)
    } catch (error) {
      rmSync(versionFolder(box, version), { recursive: true, force: true })
      throw error
    }
    signal.throwIfAborted()
    const notNow = update.whyNotNow?.()
    if (notNow !== undefined) {
      // The tarball stays: with a slow line the next window is for the switch.
      rmSync(versionFolder(box, version), { recursive: true, force: true })
      return notNow
    }
    rmSync(join(box.state, 'download'), { recursive: true, force: true })
    forgive(box, version)
    say(`switching to ${version}; it has ${update.gate.seconds} s to become healthy`)
    await switchTo(box, version, update.gate)
    for (const gone of prune(box, update.keep, previousVersion(box))) say(`removed ${gone}`)
    return undefined
  })
}

/** The file with the right bytes, in the state folder. A part of it that is there already is gone on with. */
async function download({ box, source, say }: Update, artifact: Artifact, signal: AbortSignal): Promise<string> {
  const folder = join(box.state, 'download')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, `${artifact.sha256.slice(0, 16)}-${artifact.name}`)
  // A part of a release that was given up for this one.
  for (const other of globSync(join(folder, '*'))) if (other !== file) rmSync(other, { recursive: true, force: true })
  checkSpace(folder, artifact.bytes, `fetching ${artifact.name}`)
  say(`fetching ${artifact.name} from ${source.name}`)
  await source.fetch(artifact.name, file, artifact.bytes, signal)
  try {
    await checkArtifact(file, artifact)
  } catch (error) {
    rmSync(file, { force: true })
    throw error
  }
  return file
}

/** Every artifact that a folder holds, or the one for this machine, against the manifest; tells each. */
export async function verifyArtifacts(
  source: ReleaseSource,
  { artifacts }: Manifest,
  scratch: string,
  told: (artifact: Artifact) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const artifact of artifacts) {
    const file = join(scratch, artifact.name)
    await source.fetch(artifact.name, file, artifact.bytes, signal)
    await checkArtifact(file, artifact)
    rmSync(file, { force: true })
    told(artifact)
  }
}
