/**
 * What somebody may do, and who asks. Every road into the gateway (API, live socket, sinks that take commands) names the
 * permission that it needs; whoever asks is a `Principal`. Nothing is allowed that was not granted.
 */

/** Every permission; `scoped`: a grant of it may be limited to devices or areas. */
export const PERMISSIONS = {
  view: { scoped: true, means: 'see devices, values, history and sinks' },
  export: { scoped: true, means: 'take stored samples away in bulk' },
  write: { scoped: true, means: 'write tags that the configuration marks as writable' },
  acknowledge: { scoped: true, means: 'acknowledge and shelve alarms' },
  approve: { scoped: true, means: 'approve a write that somebody else asked for' },
  maintain: { scoped: true, means: 'start and end maintenance windows, in which alerts are silent' },
  lock: { scoped: false, means: 'lock and unlock all writes' },
  diagnose: { scoped: true, means: 'trace devices, run tools that read them, test connections' },
  parameters: { scoped: true, means: 'read, compare and restore parameter sets of devices' },
  'devices.manage': { scoped: true, means: 'forget what was learned of a device' },
  'sinks.manage': { scoped: false, means: 'replay, purge and see dead letters' },
  scan: { scoped: false, means: 'look for devices in networks that the configuration allows' },
  'config.read': { scoped: false, means: 'see the configuration, its history and what would change' },
  'config.write': { scoped: false, means: 'change the configuration' },
  'certificates.manage': { scoped: false, means: 'trust, reject, issue and renew certificates' },
  'audit.read': { scoped: false, means: 'read, export and verify the audit log' },
  'accounts.manage': { scoped: false, means: 'manage users, roles, tokens and sessions of others' },
} as const satisfies Record<string, { scoped: boolean; means: string }>

export type Permission = keyof typeof PERMISSIONS

const VIEWER = ['view', 'export'] as const satisfies readonly Permission[]
const OPERATOR = [...VIEWER, 'write', 'acknowledge', 'approve', 'maintain'] as const satisfies readonly Permission[]
const ENGINEER = [
  ...OPERATOR,
  'lock',
  'diagnose',
  'parameters',
  'devices.manage',
  'sinks.manage',
  'scan',
  'config.read',
  'config.write',
  'certificates.manage',
  'audit.read',
] as const satisfies readonly Permission[]

/** The roles that are always there; each has what the one before it has. */
export const ROLES = {
  viewer: VIEWER,
  operator: OPERATOR,
  engineer: ENGINEER,
  admin: Object.keys(PERMISSIONS) as readonly Permission[],
} as const satisfies Record<string, readonly Permission[]>

export type RoleName = keyof typeof ROLES

/**
 * How somebody proved who they are. `host`: a program of the gateway's own user on this machine; `open`: nobody asked; `nobody`: they did
 * not, and may only what is public.
 */
export type PrincipalKind = 'user' | 'token' | 'certificate' | 'host' | 'open' | 'nobody'

/** Who asks. */
export interface Principal {
  readonly kind: PrincipalKind
  /** For the audit: `anna`, `token ci-export`, `host root`. */
  readonly name: string
  readonly roles: readonly string[]
  /** The user whose doing it is, where `name` is not theirs: a token acts for who made it. */
  readonly person?: string | undefined
  /** Whether it is granted for anything at all. */
  may(permission: Permission): boolean
  /** Whether it is granted for this device. */
  mayFor(permission: Permission, device: string): boolean
  /** True when `permission` holds for every device, so that nothing must be left out. */
  isWhole(permission: Permission): boolean
}
