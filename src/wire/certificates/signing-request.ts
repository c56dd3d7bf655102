/** A signing request of somebody else (PKCS #10, RFC 2986): who asks for a certificate, for which names, and that he has the key. */
import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { oneLine } from '../../core/one-line.ts'
import type { AlternativeNames } from './certificate-parts.ts'
import { alternativeNamesIn } from './certificate.ts'
import { dersOf } from './certificate-store.ts'
import { context, readElement, readInside, readOid, Tag, type Element } from './der.ts'

export interface SigningRequest extends AlternativeNames {
  readonly commonName: string
  readonly publicKey: KeyObject
  readonly uris: readonly string[]
}

/** RFC 5758, RFC 4055, RFC 8410: SHA-2 or better alone. */
const HASHES: Readonly<Record<string, string | null>> = {
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.3.101.112': null,
}

/** DER or PEM; throws an Error with a sentence where it is no request, or its signature is not that of its key. */
export function parseSigningRequest(bytes: Uint8Array): SigningRequest {
  const [der] = dersOf(bytes, 'CERTIFICATE REQUEST')
  let parts: { info: Element; algorithm: string; signature: Buffer; fields: Element[] }
  let publicKey: KeyObject
  try {
    const [info, algorithm, signature] = readInside(readElement(der!))
    const fields = readInside(info)
    parts = {
      info: info!,
      algorithm: readOid(readInside(algorithm)[0]!),
      signature: signature!.content.subarray(1),
      fields,
    }
    publicKey = createPublicKey({ key: fields[2]!.raw, format: 'der', type: 'spki' })
  } catch (cause) {
    throw new Error('it is no signing request (PKCS #10)', { cause })
  }
  const hash = HASHES[parts.algorithm]
  if (hash === undefined) throw new Error('it is signed in a way that is not safe or not known; use SHA-256')
  if (!verify(hash, parts.info.raw, publicKey, parts.signature))
    throw new Error('its signature is not that of its key: it was changed or is damaged')
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = publicKey
  if (type === 'rsa' && (details?.modulusLength ?? 0) < 2048) throw new Error('its RSA key has fewer than 2048 bits')
  return {
    commonName: commonNameIn(parts.fields[1]!),
    publicKey,
    ...alternativeNamesIn(requestedNames(parts.fields[3])),
  }
}

function commonNameIn(name: Element): string {
  for (const set of readInside(name)) {
    const [type, value] = readInside(readInside(set, Tag.set)[0])
    if (type !== undefined && readOid(type) === '2.5.4.3') return oneLine(value!.content.toString('utf8').slice(0, 64))
  }
  return ''
}

/** The extension `subjectAltName` among the attributes. */
function requestedNames(attributes: Element | undefined): Buffer | undefined {
  if (attributes?.tag !== context(0, true)) return undefined
  for (const attribute of readInside(attributes, context(0, true))) {
    const [type, values] = readInside(attribute)
    if (readOid(type!) !== '1.2.840.113549.1.9.14') continue
    for (const one of readInside(readInside(values, Tag.set)[0])) {
      const fields = readInside(one)
      if (readOid(fields[0]!) === '2.5.29.17') return fields.at(-1)!.content
    }
  }
  return undefined
}
