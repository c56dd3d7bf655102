/** The versions and suites that servers of ours offer. What a scanner says of them: docs/design/tls.md. */
import { constants } from 'node:crypto'
import type { TlsVersion } from '../../core/tls-options.ts'

/**
 * What every TLS server of ours offers: TLS 1.3, and of TLS 1.2 only suites with forward secrecy and authenticated encryption (RFC 9325,
 * 4.2); no renegotiation (RFC 9325, 3.5).
 */
export const servedTls = (least: TlsVersion = '1.2') => ({
  minVersion: `TLSv${least}` as const,
  ciphers: SUITES.join(':'),
  ecdhCurve: GROUPS,
  honorCipherOrder: true,
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
})

const [major = 0, minor = 0] = process.versions.openssl.split('.').map(Number)
/** With a key exchange that a quantum computer does not break (draft-ietf-tls-ecdhe-mlkem), which OpenSSL has since 3.5. */
const HYBRID = major > 3 || (major === 3 && minor >= 5) ? 'X25519MLKEM768:' : ''
/** Of 128 bits or more; no finite fields. */
const GROUPS = `${HYBRID}X25519:P-256:P-384`

const SUITES = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
]
