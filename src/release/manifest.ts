/**
 * The manifest of a release, `manifest.json`: which artifacts there are, for what, with their hashes, until when. What a signature
 * covers are the bytes of the file, so nobody writes it a second time. Layout and rules: FORMAT.md.
 */
import { z } from 'zod'
import { GatewayError, messageOf } from '../core/errors.ts'
import { isVersion } from './version.ts'

export const MANIFEST_FILE = 'manifest.json'
export const SIGNATURE_FILE = 'manifest.json.sig'
/** More is no manifest: it is read whole into memory before anything in it is believed. */
export const MAX_MANIFEST_BYTES = 256 * 1024

const version = z.string().refine(isVersion, 'expected a version such as 1.2.3')
/** Always UTC with a Z: the installer compares it as a text. */
const time = z.iso.datetime({ error: 'expected a time such as 2026-11-29T12:00:00Z' })

const artifact = z.strictObject({
  /** Name of the file beside the manifest: it never leaves the folder. */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+~-]{0,199}$/, 'expected a plain file name'),
  kind: z.enum(['tarball', 'executable', 'deb', 'npm', 'image', 'sbom']),
  os: z.literal('linux'),
  arch: z.enum(['x64', 'arm64', 'any']),
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hex digits'),
})

const manifest = z
  .strictObject({
    format: z.literal(1),
    product: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'expected the name of a product'),
    channel: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'expected the name of a channel, such as stable'),
    version,
    created: time,
    expires: time,
    /** The oldest version that may be updated to this one in a single step. */
    minimumFrom: version.optional(),
    /** The share of the boxes of the channel that may take it by themselves. */
    rollout: z.strictObject({ percent: z.number().min(0).max(100) }).optional(),
    artifacts: z.array(artifact).min(1).max(200),
  })
  .refine((one) => Date.parse(one.expires) > Date.parse(one.created), {
    path: ['expires'],
    message: 'expected a time after `created`',
  })
  .refine((one) => new Set(one.artifacts.map(({ name }) => name)).size === one.artifacts.length, {
    path: ['artifacts'],
    message: 'expected each name once',
  })

export type Manifest = z.output<typeof manifest>
export type Artifact = z.output<typeof artifact>
export type ArtifactKind = Artifact['kind']

/** The bytes of a manifest, one member a line as the installer reads it; throws RELEASE_REFUSED where it is not valid. */
export function encodeManifest(content: Manifest): Buffer {
  const checked = check(content)
  const bytes = Buffer.from(`${JSON.stringify(checked, undefined, 2)}\n`)
  if (bytes.length > MAX_MANIFEST_BYTES) throw refusal(`it has ${bytes.length} bytes, more than ${MAX_MANIFEST_BYTES}`)
  return bytes
}

/** The manifest in these bytes; throws RELEASE_REFUSED with the first member that is wrong. Signatures come first: verify.ts. */
export function parseManifest(bytes: Uint8Array): Manifest {
  if (bytes.length > MAX_MANIFEST_BYTES) throw refusal(`it has ${bytes.length} bytes, more than ${MAX_MANIFEST_BYTES}`)
  let content: unknown
  try {
    content = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw refusal(`it is not JSON (${messageOf(cause)})`, cause)
  }
  return check(content)
}

function check(content: unknown): Manifest {
  const result = manifest.safeParse(content)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const where = issue!.path.length === 0 ? '' : `${issue!.path.join('.')}: `
  throw refusal(`${where}${issue!.message.replace(/^Invalid input: /, '')}`)
}

const refusal = (what: string, cause?: unknown): GatewayError =>
  new GatewayError('RELEASE_REFUSED', `${MANIFEST_FILE} is not a manifest of format 1: ${what}`, { cause })
