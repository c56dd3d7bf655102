/**
 * A loaded configuration: parsed, checked and with its defaults filled in. Everything behind `loadConfig` speaks these
 * types; nobody else reads YAML or CSV. Times are ms, sizes bytes, paths absolute.
 */
import type { AccessConfig } from '../core/access.ts'
import type { AlertsConfig } from '../core/alerts.ts'
import type { AddressRange } from '../core/address-range.ts'
import type { AssetConfig } from '../core/asset.ts'
import type { CursorOrder } from '../core/cursor.ts'
import type { DriverType } from '../core/driver.ts'
import type { DeviceParameters } from '../core/parameters.ts'
import type { Network } from '../core/network.ts'
import type { RetentionPolicy } from '../core/retention.ts'
import type { SinkType } from '../core/sink.ts'
import type { TagSettings } from '../core/tags.ts'
import type { TracingConfig } from '../core/trace-config.ts'
import type { ReceiveConfig } from '../core/receive.ts'
import type { ReportsConfig } from '../core/reports.ts'
import type { Origin, TagListOrigin } from './origin.ts'
import type { TlsVersion } from '../core/tls-options.ts'
import type { Problem } from './problem.ts'
import type { TagListCache } from './tag-list-cache.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** `auto` is human on a terminal, JSON otherwise. */
export const LOG_FORMATS = ['auto', 'json', 'human'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]

/** Where a stream of the log goes; `log`: among the lines of the log. */
export type LogTarget = 'off' | 'log' | 'stdout' | { readonly file: string }

export interface LogConfig {
  readonly level: LogLevel
  readonly format: LogFormat
  /** By component. */
  readonly levels?: Readonly<Record<string, LogLevel>>
  readonly patterns?: readonly { readonly name: string; readonly match: string; readonly level: LogLevel }[]
  readonly access?: { readonly requests: 'problems' | 'all'; readonly slowMs: number; readonly to: LogTarget }
  readonly audit?: LogTarget
  readonly files?: LogFileLimits
}

/** Of streams that go to files. */
export interface LogFileLimits {
  readonly maxBytes: number
  readonly keep: number
}

/** An address to listen on. */
export interface Listen {
  readonly host: string
  readonly port: number
}

/** Names of PEM files, absolute. */
export interface HttpTls {
  readonly certFile: string
  readonly keyFile: string
  /** The authorities that certificates of clients must come from. */
  readonly clientCaFile: string | undefined
  /** ask: who shows none, or an unknown one, gets in like everybody without one; require: gets no connection. */
  readonly clientCertificates: 'off' | 'ask' | 'require'
  readonly minVersion: TlsVersion
}

export interface HttpConfig {
  readonly listen: Listen
  /** Host names, beside the loopback ones, under which the page and the API may be opened. */
  readonly hosts: readonly string[]
  /** `open`: nobody is asked who they are. */
  readonly access: 'accounts' | 'open'
  /** TLS ends before the gateway. */
  readonly plain: boolean
  /** Reverse proxies whose `X-Forwarded-For` is believed; none where absent. */
  readonly trustedProxies?: readonly AddressRange[] | undefined
  /** The address for `security.txt`. */
  readonly securityContact?: string | undefined
  /** Devices with series of their own; the rest is summed. */
  readonly metrics?: { readonly maxDevices: number } | undefined
  /** Undefined: plain HTTP. */
  readonly tls?: HttpTls | undefined
}

export interface StoreConfig {
  /** 0: each append is forced to the disk by itself. */
  readonly syncEveryMs: number
  /** Zeros are written ahead in pieces of this size; 0: none. */
  readonly preallocateBytes: number
  readonly maxBytes: number
  readonly maxAgeMs: number
  readonly policy: RetentionPolicy
  readonly thinOneIn: number
  readonly trends: { readonly maxBytes: number; readonly maxAgeMs: number }
}

/** Where the key that seals secrets comes from; nothing said: a file that the first start makes. */
export interface SecretsConfig {
  readonly keyFile?: string | undefined
  /** Program and arguments. */
  readonly keyCommand?: readonly string[] | undefined
}

/** How much of the audit log is kept. */
export interface AuditConfig {
  readonly maxFileBytes: number
  readonly maxFileAgeMs: number
  readonly maxBytes: number
  readonly maxAgeMs: number
}

/** One tag of a device; `address` is what the driver's `parseAddress` made of `settings.address`. */
export interface TagConfig {
  readonly settings: TagSettings
  readonly address: unknown
}

export interface DeviceConfig {
  readonly name: string
  readonly type: DriverType
  /** Parsed by the driver's own schema. */
  readonly options: unknown
  readonly enabled: boolean
  readonly everyMs: number
  /** Where it stands, `site-1/line-2`: what rights may be limited to. */
  readonly area?: string | undefined
  readonly tags: readonly TagConfig[]
  /** Where it is written; absent where no file holds the configuration, as in tests. */
  readonly origin?: Origin
  /** Where its tags are; undefined where it has none. */
  readonly tagsOrigin?: TagListOrigin | undefined
  /** Options whose values came from the environment or a file, so that they are not shown: `tls.ca`. */
  readonly outside?: readonly string[] | undefined
  /** Its parameter sets; absent where it has none. */
  readonly parameters?: DeviceParameters | undefined
}

export interface SinkConfig {
  readonly name: string
  readonly type: SinkType
  /** Parsed by the sink's own schema. */
  readonly options: unknown
  readonly enabled: boolean
  /** How what was missed is made up for. */
  readonly replay: CursorOrder
  /** Where it is written; absent where no file holds the configuration. */
  readonly origin?: Origin
  /** Options whose values came from the environment or a file, so that they are not shown: `tls.ca`. */
  readonly outside?: readonly string[] | undefined
}

/** A template of the configuration (not of the library), or a role of `access.roles`: its name and where it is written. */
export interface OwnedName {
  readonly name: string
  readonly origin: Origin
}

export interface Config {
  readonly version: 1
  /** The file it was loaded from, absolute. */
  readonly file: string
  /** Every file that was read: YAML, tag lists, templates; absolute. */
  readonly files: readonly string[]
  /** The data folder, absolute. */
  readonly data: string
  readonly log: LogConfig
  /** Undefined when the file says `http: { enabled: false }`. */
  readonly http: HttpConfig | undefined
  /** Roles, sessions, single sign-on, client certificates. */
  readonly access: AccessConfig
  readonly store: StoreConfig
  readonly secrets?: SecretsConfig | undefined
  readonly audit?: AuditConfig | undefined
  /** `approveWithinMs`: how long a write waits for a second person. */
  readonly writes?: { readonly approveWithinMs: number } | undefined
  /** What devices and sinks may be dialled at. */
  readonly network?: { readonly allow: readonly AddressRange[]; readonly deny: readonly AddressRange[] } | undefined
  /** What may be scanned; empty: nothing. */
  readonly discovery: { readonly networks: readonly Network[]; readonly multicast: boolean }
  /** Where traces go; undefined: nothing is traced. */
  readonly tracing?: TracingConfig | undefined
  readonly templates: readonly OwnedName[]
  /** The roles of `access.roles`. */
  readonly roles: readonly OwnedName[]
  readonly devices: readonly DeviceConfig[]
  readonly sinks: readonly SinkConfig[]
  /** Machines and lines whose performance is told; none where absent. */
  readonly assets?: readonly AssetConfig[] | undefined
  /** Where other gateways may hand on their logs; undefined: nowhere. */
  readonly receive: ReceiveConfig | undefined
  /** Who is told what goes wrong; undefined: nobody, by the gateway itself. */
  readonly alerts?: AlertsConfig | undefined
  /** Service reports by a schedule. */
  readonly reports?: ReportsConfig | undefined
  /** What works but should be changed, such as a password in plain text. */
  readonly warnings: readonly Problem[]
}

/** What a configuration is checked against: the two registries, and the environment that `${NAME}` looks in. */
export interface ConfigSources {
  readonly drivers: readonly DriverType[]
  readonly sinks: readonly SinkType[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** The folder of the library of templates; the one of this package where absent. */
  readonly library?: string | undefined
  /** Where containers have their secrets; /run/secrets where absent. */
  readonly containerSecrets?: string | undefined
  /** Tag lists of the load before; absent: everything is read anew. */
  readonly tagListCache?: TagListCache | undefined
  /** A file that an option names and that cannot be read is a problem; a warning where absent. */
  readonly requireFiles?: boolean | undefined
}
