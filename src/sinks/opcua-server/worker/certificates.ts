/**
 * Our certificate, and what is thought of those that clients and users present: the gateway's own folder decides (`wire/certificates`).
 * A client that nobody has trusted yet is refused, and waits in the inbox: `bifrost opcua trust THUMBPRINT`, for a user `--users`.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../core/clock.ts'
import { CertificateChecker, type CheckerOptions } from '../../../protocols/opcua/certificate-checker.ts'
import { serverIdentity } from '../../../protocols/opcua/own-identity.ts'
import { readOwn, type OwnCertificate } from '../../../wire/certificates/own.ts'
import { openOwn } from '../../../wire/certificates/renewal.ts'
import { say } from './asks.ts'

export interface Certificates {
  readonly own: OwnCertificate
  readonly identity: ReturnType<typeof serverIdentity>
  readonly clients: CertificateChecker
  readonly persons: CertificateChecker
  /** True once another certificate of ours was taken in use: clients see it only after the server opens anew. */
  isRenewed(): Promise<boolean>
  /** Takes away what was made for this run alone. */
  close(): Promise<void>
}

/** `onPerson` comes before its verdict: what that person may do is looked up then. */
class PersonChecker extends CertificateChecker {
  readonly #onPerson: () => Promise<void>

  constructor(options: CheckerOptions, onPerson: () => Promise<void>) {
    super(options)
    this.#onPerson = onPerson
  }

  override async check(...given: Parameters<CertificateChecker['check']>): ReturnType<CertificateChecker['check']> {
    await this.#onPerson()
    return super.check(...given)
  }
}

/** `folder` undefined: nothing is kept, a certificate is made for this run and nobody can be trusted. `device`: the sink's name. */
export async function openCertificates(
  folder: string | undefined,
  device: string,
  onPerson: () => Promise<void>,
): Promise<Certificates> {
  const place = folder ?? (await mkdtemp(join(tmpdir(), 'bifrost-certificates-')))
  const own = await openOwn(place, { now: systemClock.now() })
  const onRefused = ({ reason }: { readonly reason: string }): void => say('warn', reason)
  const common = { clock: systemClock, device, onRefused }
  return {
    own,
    identity: serverIdentity(own),
    clients: new CertificateChecker({ ...common, folder: place, role: 'client' }),
    persons: new PersonChecker({ ...common, folder: join(place, 'users'), role: 'user' }, onPerson),
    async close() {
      if (folder === undefined) await rm(place, { recursive: true, force: true })
    },
    async isRenewed() {
      const { current } = await readOwn(place)
      return current !== undefined && current.certificate.thumbprint !== own.certificate.thumbprint
    },
  }
}
