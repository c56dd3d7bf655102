/**
 * The certificate, the key and the authorities of a server of ours, read from their files, and read again when those change: certificates
 * are renewed while connections stay. Files are looked at rather than watched, because watching tells nothing of network file systems and
 * little of the symbolic links by which containers get their secrets. New files are tried as a pair first: those that are of no use change nothing.
 */
import { createPrivateKey } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { createSecureContext, type Server } from 'node:tls'
import type { Clock, Timer } from '../../core/clock.ts'
import { GatewayError, messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { FILE_LIMIT_BYTES } from './certificate-files.ts'
import { certificatesOf } from './certificate-store.ts'
import type { Certificate } from './certificate.ts'
import { readNamedFile } from './named-file.ts'

const LOOK_MS = 2000
const OPTIONS = ['cert', 'key', 'ca'] as const

/** Names of PEM files. */
export interface ServedFiles {
  readonly cert: string
  readonly key: string
  /** The authorities that client certificates must come from. */
  readonly ca?: string | undefined
}

/** How the options are called in the configuration, for messages: `receive.tls`, and in it `cert`, `key`, `ca`. */
export interface ServedNames {
  readonly at: string
  readonly cert: string
  readonly key: string
  readonly ca: string
}

/** What TLS servers take. */
export interface ServedMaterial {
  readonly cert: Buffer
  readonly key: Buffer
  readonly ca?: Buffer
}

export interface RenewalContext {
  readonly clock: Clock
  readonly log: Log
  /** What is new in `material` goes into the server with these, which hold whatever the files are. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Called when new files were taken, and when some could not be. */
  readonly onChange?: () => void
}

export class ServedCertificate {
  readonly #files: ServedFiles
  readonly #names: ServedNames
  #material: ServedMaterial
  #certificate: Certificate
  /** How the files were when they were last taken. */
  #taken: string
  /** Why they cannot be taken as they are now, and whether that was told. */
  #fault: { readonly at: string; readonly reason: string; isTold: boolean } | undefined
  #isLooking = false

  private constructor(files: ServedFiles, names: ServedNames, read: ReadPair, stamp: string) {
    this.#files = files
    this.#names = names
    this.#material = read.material
    this.#certificate = read.certificate
    this.#taken = stamp
  }

  /** Throws CONFIG_INVALID that names the option and the file. */
  static async open(files: ServedFiles, names: ServedNames): Promise<ServedCertificate> {
    // The stamp comes first: what changes while they are read is seen by the first look.
    const stamp = await stampOf(files)
    return new ServedCertificate(files, names, await readPair(files, names), stamp)
  }

  /** What the files held when they were last taken. */
  get material(): ServedMaterial {
    return this.#material
  }

  /** The one that is shown to clients. */
  get certificate(): Certificate {
    return this.#certificate
  }

  /** Why the files cannot be taken as they are now; the ones before stay in use. */
  get fault(): string | undefined {
    return this.#fault?.isTold === true ? this.#fault.reason : undefined
  }

  /** From now on the server gets what the files hold whenever they change; connections that stand stay. */
  renew(server: Server, context: RenewalContext): Timer {
    return context.clock.every(LOOK_MS, () => {
      if (this.#isLooking) return
      this.#isLooking = true
      void this.#look(server, context).finally(() => {
        this.#isLooking = false
      })
    })
  }

  async #look(server: Server, { clock, log, settings, onChange = () => undefined }: RenewalContext): Promise<void> {
    const { at } = this.#names
    const stamp = await stampOf(this.#files)
    if (stamp === this.#taken) return this.#isAgainAsBefore(log, onChange)
    try {
      const { material, certificate } = await readPair(this.#files, this.#names)
      refuseWorse(certificate, this.#certificate, clock.now())
      server.setSecureContext({ ...settings, ...material })
      this.#material = material
      this.#certificate = certificate
      this.#taken = stamp
      this.#fault = undefined
      log.info(
        { cert: this.#files.cert, notAfter: new Date(certificate.notAfter).toISOString() },
        `the certificates of ${at} were read again; connections from now on get them`,
      )
      onChange()
    } catch (error) {
      const reason = messageOf(error)
      // In the middle of a renewal they need not fit together: that is no news unless it stays so.
      if (this.#fault?.at !== stamp) this.#fault = { at: stamp, reason, isTold: false }
      else if (!this.#fault.isTold) {
        this.#fault.isTold = true
        log.warn(
          { reason },
          `the certificates of ${at} have changed and cannot be taken, the ones before stay: ${reason}`,
        )
        onChange()
      }
    }
  }

  /** Somebody put the files back. */
  #isAgainAsBefore(log: Log, onChange: () => void): void {
    if (this.#fault === undefined) return
    const wasTold = this.#fault.isTold
    this.#fault = undefined
    if (!wasTold) return
    log.info({}, `the certificates of ${this.#names.at} are those in use again`)
    onChange()
  }
}

interface ReadPair {
  readonly material: ServedMaterial
  readonly certificate: Certificate
}

async function readPair(files: ServedFiles, names: ServedNames): Promise<ReadPair> {
  const [cert, key, ca] = await Promise.all(
    OPTIONS.map((option) => read(files[option], `${names.at}.${names[option]}`)),
  )
  const material: ServedMaterial = { cert: cert!, key: key!, ...(ca === undefined ? {} : { ca }) }
  try {
    const [certificate] = certificatesOf(cert!)
    createSecureContext(material)
    if (!certificate!.x509.checkPrivateKey(createPrivateKey(key!)))
      throw new Error('the key is not that of the certificate')
    return { material, certificate: certificate! }
  } catch (cause) {
    const message = `${names.at}: certificate or key cannot be used (${files.cert}, ${files.key}): ${messageOf(cause)}`
    throw new GatewayError('CONFIG_INVALID', message, { cause })
  }
}

async function read(file: string | undefined, option: string): Promise<Buffer | undefined> {
  if (file === undefined) return undefined
  try {
    return await readNamedFile(file, FILE_LIMIT_BYTES)
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `${option}: ${file} cannot be read: ${messageOf(cause)}`, { cause })
  }
}

/** A certificate that does not hold now is not taken in place of one that does. */
function refuseWorse(next: Certificate, current: Certificate, now: number): void {
  const fault = validityFault(next, now)
  if (fault !== undefined && validityFault(current, now) === undefined)
    throw new GatewayError('CONFIG_INVALID', `the new certificate ${fault}`)
}

/** `expired on 2026-01-01`, `is valid from 2027-01-01 on only`; undefined where it holds now. */
export function validityFault({ notBefore, notAfter }: Pick<Certificate, 'notBefore' | 'notAfter'>, now: number) {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
  if (notAfter < now) return `expired on ${day(notAfter)}`
  return notBefore > now ? `is valid from ${day(notBefore)} on only` : undefined
}

/** Changes with any of the files, through symbolic links. */
async function stampOf(files: ServedFiles): Promise<string> {
  const stamps = OPTIONS.map(async (option) => {
    const file = files[option]
    if (file === undefined) return ''
    const { ino, size, mtimeMs, ctimeMs } = await stat(file)
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`
  })
  return (await Promise.all(stamps.map((stamp) => stamp.catch(messageOf)))).join()
}
