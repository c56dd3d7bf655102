/**
 * Who we are to servers, and whom we trust: the application certificate and the trust list of the data folder
 * (`wire/certificates`), as the library wants them.
 */
import type { OPCUAClientOptions } from 'node-opcua-client'
import { systemClock } from '../../../core/clock.ts'
import { messageOf } from '../../../core/errors.ts'
import { CertificateChecker, firstUseWords } from '../../../protocols/opcua/certificate-checker.ts'
import { clientIdentity } from '../../../protocols/opcua/own-identity.ts'
import { openOwn } from '../../../wire/certificates/renewal.ts'
import type { OpenDevice } from '../messages.ts'
import { placeOf } from '../place.ts'

export interface ClientSecurity {
  readonly applicationUri: string
  /** SHA-1, as OPC UA servers list it. */
  readonly thumbprint: string
  readonly certificateFile: string
  readonly clientOptions: Pick<
    OPCUAClientOptions,
    'certificateKeyPairProvider' | 'clientCertificateManager' | 'applicationUri'
  >
  /** Undefined: trusted; else the sentence that says why not, and the next step. `chain`: DER, the server's own first. */
  judge(chain: Buffer, applicationUri: string): Promise<string | undefined>
}

export interface SecurityOutlets {
  readonly tell: (level: 'info' | 'warn', sentence: string) => void
  /** Puts it on record; rejects when that is not possible: then it is not done. */
  readonly audit: (action: string, what: string) => Promise<void>
}

/** Made anew for each connection, so that a renewed certificate is used from the next one on. */
export async function loadSecurity(
  { name, options }: Pick<OpenDevice, 'name' | 'options'>,
  folder: string,
  { tell, audit }: SecurityOutlets,
): Promise<ClientSecurity> {
  const own = await openOwn(folder, { now: Date.now() })
  const { certificateKeyPairProvider, applicationUri } = await clientIdentity(own)
  const checker = new CertificateChecker({
    folder,
    clock: systemClock,
    role: 'server',
    device: name,
    endpoint: options.endpoint,
    hostname: placeOf(options.endpoint).host,
    ignoreHostname: options.ignoreHostname,
    trustOnFirstUse: options.trustOnFirstUse,
    onFirstUse: async (certificate) => {
      await audit('trust on first use', firstUseWords(certificate))
      tell('warn', `the certificate of ${options.endpoint} is ${firstUseWords(certificate)}`)
    },
    onNoteLost: (error) => tell('warn', `a note of a certificate could not be written: ${messageOf(error)}`),
  })
  return {
    applicationUri,
    thumbprint: own.certificate.thumbprint,
    certificateFile: own.certificateFile,
    clientOptions: { certificateKeyPairProvider, clientCertificateManager: checker, applicationUri },
    async judge(chain, serverUri) {
      const verdict = await checker.check(chain, { applicationUri: serverUri })
      return verdict.ok ? undefined : verdict.reason
    },
  }
}
