/**
 * Is this release ours, and may this box take it? The order is that of FORMAT.md: signature, form, product, expiry, version,
 * architecture. Nothing of a manifest is believed, nor even parsed, before a trusted key has signed its bytes.
 */
import { GatewayError } from '../core/errors.ts'
import type { TrustedKey } from './keys.ts'
import { parseManifest, type Artifact, type ArtifactKind, type Manifest } from './manifest.ts'
import { verifySignature } from './signature.ts'
import { compareVersions } from './version.ts'

const PRODUCT = 'bifrost'
/** For whoever builds by a clock that is a little ahead. A box without a clock of its own wakes up years in the past, where nothing has expired yet. */
const DAY_MS = 86_400_000

export interface Expectation {
  readonly trusted: readonly TrustedKey[]
  /** Milliseconds since 1970. */
  readonly now: number
  /** Where one is named, a release of another channel is refused. */
  readonly channel?: string
}

export interface VerifiedManifest {
  readonly manifest: Manifest
  /** The key that signed it. */
  readonly keyId: string
}

/** Signature, form, product, channel and expiry; throws RELEASE_REFUSED with the sentence of what is wrong. */
export function verifyManifest(bytes: Uint8Array, signatures: string, expected: Expectation): VerifiedManifest {
  const keyId = verifySignature(bytes, signatures, expected.trusted)
  const manifest = parseManifest(bytes)
  if (manifest.product !== PRODUCT)
    throw refusal(`this is a release of ${manifest.product}, and ${PRODUCT} is what is updated here`)
  if (expected.channel !== undefined && manifest.channel !== expected.channel)
    throw refusal(
      `this is a release of the channel ${manifest.channel}, and ${expected.channel} is what is wanted here`,
    )
  if (Date.parse(manifest.created) > expected.now + DAY_MS)
    throw refusal(
      `the clock of this machine says ${new Date(expected.now).toISOString()}, and the release ${manifest.version} was made at ${manifest.created}: set the clock, by which is judged whether a release has expired`,
    )
  if (Date.parse(manifest.expires) <= expected.now)
    throw refusal(
      `the release ${manifest.version} expired at ${manifest.expires}: take a newer one, or set the clock of this machine if it is wrong (it says ${new Date(expected.now).toISOString()})`,
    )
  return { manifest, keyId }
}

export interface Installed {
  /** Undefined where nothing is installed. */
  readonly version: string | undefined
  readonly allowDowngrade?: boolean
}

/**
 * Refuses a lower version without leave, and a step that is too long. Another build of the same version (`1.2.3+b` beside `1.2.3+a`) counts as lower:
 * nothing says which of the two is the newer, and an old one could be served again.
 */
export function checkVersion(manifest: Manifest, { version, allowDowngrade }: Installed): void {
  if (version === undefined) return
  const order = compareVersions(manifest.version, version)
  if (order < 0 && allowDowngrade !== true)
    throw refusal(
      `the release ${manifest.version} is older than ${version}, which is installed: --allow-downgrade takes it all the same`,
    )
  if (order === 0 && manifest.version !== version && allowDowngrade !== true)
    throw refusal(
      `the release ${manifest.version} is another build of ${version}, which is installed, and nothing says that it is newer: --allow-downgrade takes it all the same`,
    )
  if (manifest.minimumFrom !== undefined && order > 0 && compareVersions(version, manifest.minimumFrom) < 0)
    throw refusal(
      `the release ${manifest.version} can be taken from ${manifest.minimumFrom} on, and ${version} is installed: take ${manifest.minimumFrom} first`,
    )
}

/** The artifact of a kind for an architecture as Node names it (`x64`, `arm64`). */
export function artifactFor(manifest: Manifest, kind: ArtifactKind, arch: string): Artifact {
  const ofKind = manifest.artifacts.filter((one) => one.kind === kind)
  const found = ofKind.find((one) => one.arch === arch) ?? ofKind.find((one) => one.arch === 'any')
  if (found !== undefined) return found
  const there = ofKind.map((one) => one.arch).join(', ')
  throw refusal(
    `the release ${manifest.version} has no ${kind} for ${arch}, which this machine is (it has ${there === '' ? 'none at all' : there})`,
  )
}

const refusal = (message: string): GatewayError => new GatewayError('RELEASE_REFUSED', message)
