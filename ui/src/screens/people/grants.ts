/** What roles and tokens grant, in words. */
import type { Operations } from '../../api/operations.ts'
import { peopleStrings } from '../../strings/people.ts'

const strings = peopleStrings.roles

export type Role = Operations['GET /api/v1/roles']['answer']['roles'][number]
export type Grant = Role['grants'][number]
export type PermissionInfo = Operations['GET /api/v1/roles']['answer']['permissions'][number]

/** `devices press-*, pump-2 in areas hall-1`; undefined: no limit. */
export function limitText({ devices, areas }: Pick<Grant, 'devices' | 'areas'>): string | undefined {
  const parts = [
    ...(devices === undefined ? [] : [strings.devices(devices.join(', '))]),
    ...(areas === undefined ? [] : [strings.areas(areas.join(', '))]),
  ]
  return parts.length === 0 ? undefined : parts.join(strings.and)
}

/** How far these grants give a permission: `undefined` not at all, '' wholly, else within which limits. */
export function reachOf(grants: readonly Grant[], permission: PermissionInfo): string | undefined {
  const giving = grants.filter(({ permissions }) => permissions.includes(permission.name))
  if (giving.length === 0) return undefined
  const limits = giving.map(limitText)
  if (!permission.scoped || limits.includes(undefined)) return ''
  return limits.join(strings.or)
}

/** `view, write (devices press-*)`: all grants in one line. */
export const grantsText = (grants: readonly Grant[]): string =>
  grants
    .map((grant) => {
      const limit = limitText(grant)
      return `${grant.permissions.join(', ')}${limit === undefined ? '' : ` (${limit})`}`
    })
    .join('; ')

/** Permissions that are for the whole gateway or not at all; a test holds this to the gateway's own list. */
export const WHOLE: readonly PermissionInfo['name'][] = [
  'lock',
  'sinks.manage',
  'scan',
  'config.read',
  'config.write',
  'certificates.manage',
  'audit.read',
  'accounts.manage',
]

/** The grants of a token: limits go to those permissions that can have them. */
export function grantsOf(permissions: readonly PermissionInfo['name'][], devices: string, areas: string): Grant[] {
  const wholes = permissions.filter((name) => WHOLE.includes(name))
  const scoped = permissions.filter((name) => !WHOLE.includes(name))
  const limit = { ...limitOf('devices', devices), ...limitOf('areas', areas) }
  if (Object.keys(limit).length === 0) return [{ permissions: [...permissions] }]
  return [
    ...(scoped.length === 0 ? [] : [{ permissions: scoped, ...limit }]),
    ...(wholes.length === 0 ? [] : [{ permissions: wholes }]),
  ]
}

function limitOf(key: 'devices' | 'areas', text: string): { [K in 'devices' | 'areas']?: string[] } {
  const names = text.split(',').map((name) => name.trim()).filter(Boolean) // prettier-ignore
  return names.length === 0 ? {} : { [key]: names }
}
