/** What a provider says of somebody, as name and roles here. */
import type { OidcConfig } from '../core/access.ts'

export type Claims = Readonly<Record<string, unknown>>

/** In the order of the configuration, each once. */
export function rolesOfClaims(claims: Claims, { roles }: Pick<OidcConfig, 'roles'>): string[] {
  const given = roles.filter(({ claim, value }) => has(claimAt(claims, claim), value)).map(({ role }) => role)
  return [...new Set(given)]
}

export function nameOfClaims(claims: Claims, { nameClaim }: Pick<OidcConfig, 'nameClaim'>): string {
  const candidates = [claimAt(claims, nameClaim), claims.email, claims.sub]
  return candidates.find((each) => typeof each === 'string' && each !== '') as string
}

/** One with dots in its name goes before a path into an object. */
function claimAt(claims: Claims, claim: string): unknown {
  if (Object.hasOwn(claims, claim)) return claims[claim]
  return claim
    .split('.')
    .reduce<unknown>(
      (value, step) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, step) ? (value as Claims)[step] : undefined,
      claims,
    )
}

const has = (claim: unknown, value: string): boolean =>
  Array.isArray(claim)
    ? claim.includes(value)
    : claim === value || (typeof claim === 'boolean' && String(claim) === value)
