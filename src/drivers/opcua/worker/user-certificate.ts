/** A user's certificate and key as the library wants them (X509IdentityToken, OPC 10000-4, 7.40.5). */
import { X509Certificate } from 'node:crypto'
import type { UserIdentityInfoX509 } from 'node-opcua-client'

/** `certificate`: PEM or DER; `key`: PEM. */
export function userCertificate(
  type: UserIdentityInfoX509['type'],
  certificate: Buffer,
  key: string,
): UserIdentityInfoX509 {
  return { type, certificateData: new X509Certificate(certificate).raw, privateKey: key }
}
