/**
 * The certificate, the key and the authorities of the receiving side, read from their files, and read again when those change: certificates
 * are renewed while connections stay. Files are looked at rather than watched, because watching tells nothing of network file systems and
 * little of the symbolic links by which containers get their secrets.
 */
import { readFile, stat } from 'node:fs/promises'
import { createSecureContext, type Server } from 'node:tls'
import type { Clock, Timer } from '../core/clock.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { ReceiveTls } from '../core/receive.ts'

const LOOK_MS = 2000
const OPTIONS = ['cert', 'key', 'ca'] as const

/** What TLS servers take. */
export interface TlsMaterial {
  readonly cert: Buffer
  readonly key: Buffer
  readonly ca: Buffer
  readonly minVersion: 'TLSv1.2'
}

export interface RenewalContext {
  readonly clock: Clock
  readonly log: Log
}

export class TlsFiles {
  /** What the files held at the start. */
  readonly material: TlsMaterial
  readonly #tls: ReceiveTls
  /** How the files were when they were last taken. */
  #taken: string
  /** Why they cannot be taken as they are now, and whether that was told. */
  #fault: { readonly at: string; isTold: boolean } | undefined
  #isLooking = false

  private constructor(tls: ReceiveTls, material: TlsMaterial, stamp: string) {
    this.#tls = tls
    this.material = material
    this.#taken = stamp
  }

  /** Throws CONFIG_INVALID that names the option and the file. */
  static async open(tls: ReceiveTls): Promise<TlsFiles> {
    // The stamp comes first: what changes while they are read is seen by the first look.
    const stamp = await stampOf(tls)
    return new TlsFiles(tls, await readMaterial(tls), stamp)
  }

  /** From now on the server gets what the files hold whenever they change; files that do not fit together are left until they do. */
  renew(server: Server, { clock, log }: RenewalContext): Timer {
    return clock.every(LOOK_MS, () => {
      if (this.#isLooking) return
      this.#isLooking = true
      void this.#look(server, log).finally(() => {
        this.#isLooking = false
      })
    })
  }

  async #look(server: Server, log: Log): Promise<void> {
    const stamp = await stampOf(this.#tls)
    if (stamp === this.#taken) return
    try {
      server.setSecureContext(await readMaterial(this.#tls))
      this.#taken = stamp
      this.#fault = undefined
      log.info(
        { cert: this.#tls.cert },
        'the certificates of receive.tls were read again; connections from now on get them',
      )
    } catch (error) {
      // In the middle of a renewal they need not fit together: that is no news unless it stays so.
      if (this.#fault?.at !== stamp) this.#fault = { at: stamp, isTold: false }
      else if (!this.#fault.isTold) {
        this.#fault.isTold = true
        const reason = messageOf(error)
        log.warn(
          { reason },
          `the certificates of receive.tls have changed and cannot be taken, the ones before stay: ${reason}`,
        )
      }
    }
  }
}

async function readMaterial(tls: ReceiveTls): Promise<TlsMaterial> {
  const [cert, key, ca] = await Promise.all(OPTIONS.map((option) => read(option, tls[option])))
  const material = { cert: cert!, key: key!, ca: ca!, minVersion: 'TLSv1.2' } as const
  try {
    createSecureContext(material)
  } catch (cause) {
    const message = `receive.tls: certificate or key cannot be used (${tls.cert}, ${tls.key}): ${messageOf(cause)}`
    throw new GatewayError('CONFIG_INVALID', message, { cause })
  }
  return material
}

async function read(option: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    const message = `receive.tls.${option}: ${file} cannot be read: ${messageOf(cause)}`
    throw new GatewayError('CONFIG_INVALID', message, { cause })
  }
}

/** Changes with any of the files, through symbolic links. */
async function stampOf(tls: ReceiveTls): Promise<string> {
  const stamps = OPTIONS.map(async (option) => {
    const { ino, size, mtimeMs, ctimeMs } = await stat(tls[option])
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`
  })
  return (await Promise.all(stamps.map((stamp) => stamp.catch(messageOf)))).join()
}
