/**
 * Client certificates that TLS has verified, as users or roles of `access.certificates`. The first rule that fits decides; a certificate
 * that none fits stands for nobody, whoever issued it.
 */
import type { X509Certificate } from 'node:crypto'
import type { CertificateRule } from '../core/access.ts'
import type { Clock } from '../core/clock.ts'
import { principalOf, type RoleTable } from './rights.ts'
import { rolesOf, type UserRow } from './users.ts'
import type { Principal } from '../core/permissions.ts'

const MOST_REMEMBERED = 1000

export class CertificateTable {
  readonly #known = new Map<string, Principal | undefined>()
  rules: readonly CertificateRule[]

  constructor(rules: readonly CertificateRule[]) {
    this.rules = rules
  }

  find(
    certificate: X509Certificate,
    { users, roles, clock }: { users: { row(name: string): UserRow | undefined }; roles: RoleTable; clock: Clock },
  ): Principal | undefined {
    // A connection lives on past the end of its certificate.
    const now = clock.now()
    if (now < certificate.validFromDate.getTime() || now > certificate.validToDate.getTime()) return undefined
    const { fingerprint256 } = certificate
    if (this.#known.has(fingerprint256)) return this.#known.get(fingerprint256)
    const principal = this.#decide(certificate, users, roles)
    if (this.#known.size >= MOST_REMEMBERED) this.#known.clear()
    this.#known.set(fingerprint256, principal)
    return principal
  }

  forget(): void {
    this.#known.clear()
  }

  #decide(
    certificate: X509Certificate,
    users: { row(name: string): UserRow | undefined },
    table: RoleTable,
  ): Principal | undefined {
    const rule = this.rules.find((each) => fits(each, certificate))
    if (rule === undefined) return undefined
    if (rule.role !== undefined) {
      const name = `certificate ${commonNameOf(certificate) ?? certificate.fingerprint256.replaceAll(':', '').slice(0, 16)}`
      return principalOf('certificate', name, [rule.role], table.rightsOf([rule.role]))
    }
    const user = users.row(rule.user!)
    if (user === undefined || user.enabled === 0) return undefined
    return principalOf('certificate', user.name, rolesOf(user), table.rightsOf(rolesOf(user)))
  }
}

function fits({ subject, san, fingerprint }: CertificateRule, certificate: X509Certificate): boolean {
  if (fingerprint !== undefined) return bare(fingerprint) === bare(certificate.fingerprint256)
  if (subject !== undefined) return commonNameOf(certificate) === subject
  return san !== undefined && alternativeNames(certificate).includes(toNodeSan(san))
}

const bare = (fingerprint: string): string => fingerprint.replaceAll(':', '').toUpperCase()

/** The only common name of the subject: with two, it is not clear who is meant. */
function commonNameOf(certificate: X509Certificate): string | undefined {
  const { CN: name } = certificate.toLegacyObject().subject as { CN?: string | string[] }
  return typeof name === 'string' ? name : undefined
}

/** Node writes names that could be taken for two in quotes, as JSON; those we take apart only as it does. */
function alternativeNames({ subjectAltName = '' }: X509Certificate): string[] {
  const names = subjectAltName.match(/[^,"]+(?:"(?:[^"\\]|\\.)*")?/g) ?? []
  return names.map((name) => name.trim()).filter((name) => !name.includes('"'))
}

/** Node writes `email:` as `email:`, `IP:` as `IP Address:`. */
const toNodeSan = (san: string): string => san.replace(/^IP:/i, 'IP Address:')
