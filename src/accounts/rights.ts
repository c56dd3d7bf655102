/**
 * What roles and scopes allow, compiled: `may` is one look, `mayFor` one look once a device was asked for. On the path of every
 * request, and of every value that somebody with a limited role sees.
 */
import type { Grant, RoleConfig } from '../core/access.ts'
import { PERMISSIONS, ROLES, type Permission, type Principal, type PrincipalKind } from '../core/permissions.ts'
import { matchesPattern } from '../core/tag-pattern.ts'
import type { AreaOf } from './accounts.ts'

/** Names that are asked for are remembered up to here: whoever asks chooses them. */
const MOST_REMEMBERED = 20_000

export interface Rights {
  may(permission: Permission): boolean
  mayFor(permission: Permission, device: string): boolean
  isWhole(permission: Permission): boolean
}

/** Exactly what these grants give. */
export class GrantedRights implements Rights {
  readonly #whole = new Set<Permission>()
  readonly #limited = new Map<Permission, Grant[]>()
  readonly #known = new Map<Permission, Map<string, boolean>>()
  readonly #areaOf: AreaOf

  constructor(grants: readonly Grant[], areaOf: AreaOf) {
    this.#areaOf = areaOf
    for (const grant of grants) {
      for (const permission of grant.permissions) {
        if (!Object.hasOwn(PERMISSIONS, permission)) continue
        if (isUnlimited(grant)) this.#whole.add(permission)
        else if (PERMISSIONS[permission].scoped)
          this.#limited.set(permission, [...(this.#limited.get(permission) ?? []), grant])
      }
    }
  }

  may(permission: Permission): boolean {
    return this.#whole.has(permission) || this.#limited.has(permission)
  }

  mayFor(permission: Permission, device: string): boolean {
    if (this.#whole.has(permission)) return true
    const grants = this.#limited.get(permission)
    if (grants === undefined) return false
    let known = this.#known.get(permission)
    if (known === undefined) this.#known.set(permission, (known = new Map()))
    const remembered = known.get(device)
    if (remembered !== undefined) return remembered
    const area = this.#areaOf(device)
    const is = grants.some((grant) => fits(grant, device, area))
    if (known.size >= MOST_REMEMBERED) known.clear()
    known.set(device, is)
    return is
  }

  isWhole(permission: Permission): boolean {
    return this.#whole.has(permission)
  }
}

/** What both allow: a token within what its owner has. */
export const bothOf = (one: Rights, other: Rights): Rights => ({
  may: (permission) => one.may(permission) && other.may(permission),
  mayFor: (permission, device) => one.mayFor(permission, device) && other.mayFor(permission, device),
  isWhole: (permission) => one.isWhole(permission) && other.isWhole(permission),
})

export function principalOf(
  kind: PrincipalKind,
  name: string,
  roles: readonly string[],
  rights: Rights,
  person?: string,
): Principal {
  return {
    kind,
    name,
    roles,
    person,
    may: (permission) => rights.may(permission),
    mayFor: (permission, device) => rights.mayFor(permission, device),
    isWhole: (permission) => rights.isWhole(permission),
  }
}

const isEverything = (patterns: readonly string[] | undefined): boolean =>
  patterns === undefined || patterns.some((pattern) => /^\*+$/.test(pattern))

/** `areas: ['*']` still asks for an area. */
const isUnlimited = ({ devices, areas }: Grant): boolean => isEverything(devices) && areas === undefined

function fits({ devices, areas }: Grant, device: string, area: string | undefined): boolean {
  if (devices !== undefined && !devices.some((pattern) => matchesPattern(pattern, device))) return false
  return areas === undefined || (area !== undefined && areas.some((pattern) => isWithin(pattern, area)))
}

const isWithin = (pattern: string, area: string): boolean =>
  matchesPattern(pattern, area) || matchesPattern(`${pattern}/*`, area)

/** The roles that there are, by name. */
export class RoleTable {
  readonly #grants = new Map<string, readonly Grant[]>()
  readonly #rights = new Map<string, Rights>()
  readonly #areaOf: AreaOf
  readonly custom: ReadonlySet<string>

  constructor(custom: readonly RoleConfig[], areaOf: AreaOf) {
    this.#areaOf = areaOf
    for (const { name, grants } of custom) this.#grants.set(name, grants)
    this.custom = new Set(this.#grants.keys())
    for (const [name, permissions] of Object.entries(ROLES)) this.#grants.set(name, [{ permissions }])
  }

  get names(): readonly string[] {
    return [...Object.keys(ROLES), ...this.custom]
  }

  has(name: string): boolean {
    return this.#grants.has(name)
  }

  /** Nothing for a role that there is not (any more). */
  grantsOf(name: string): readonly Grant[] {
    return this.#grants.get(name) ?? []
  }

  /** The same object for the same roles. */
  rightsOf(roles: readonly string[]): Rights {
    const key = JSON.stringify(roles)
    let rights = this.#rights.get(key)
    if (rights === undefined) {
      if (this.#rights.size >= MOST_REMEMBERED) this.#rights.clear()
      rights = new GrantedRights(
        roles.flatMap((role) => this.grantsOf(role)),
        this.#areaOf,
      )
      this.#rights.set(key, rights)
    }
    return rights
  }

  rightsOfGrants(grants: readonly Grant[]): Rights {
    return new GrantedRights(grants, this.#areaOf)
  }
}
