/** Our certificate and key in the forms that node-opcua takes: as a provider for a client, as files for a server. */
import type { OPCUAClientOptions } from 'node-opcua-client'
import { readPrivateKey, type OwnCertificate } from '../../wire/certificates/own.ts'

type KeyPairProvider = NonNullable<OPCUAClientOptions['certificateKeyPairProvider']>

/** For `OPCUAClient.create`: with it, node-opcua makes no certificate and writes no file. */
export async function clientIdentity(own: OwnCertificate) {
  const key = await readPrivateKey(own.privateKeyFile)
  const pem = key.export({ type: 'pkcs8', format: 'pem' })
  const certificateKeyPairProvider: KeyPairProvider = {
    getCertificate: () => own.chain[0]!,
    getCertificateChain: () => [...own.chain],
    getPrivateKey: () => ({ hidden: pem }),
  }
  return { certificateKeyPairProvider, applicationUri: own.certificate.applicationUri! }
}

/** For `OPCUAServer`, whose endpoints read the files themselves. */
export const serverIdentity = ({ certificate, certificateFile, privateKeyFile }: OwnCertificate) => ({
  certificateFile,
  privateKeyFile,
  applicationUri: certificate.applicationUri!,
})
