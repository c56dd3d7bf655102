/**
 * A loaded configuration: parsed, checked and with its defaults filled in. Everything behind `loadConfig` speaks these
 * types; nobody else reads YAML or CSV. Times are ms, sizes bytes, paths absolute.
 */
import type { AccessConfig } from '../core/access.ts'
import type { CursorOrder } from '../core/cursor.ts'
import type { DriverType } from '../core/driver.ts'
import type { Network } from '../core/network.ts'
import type { RetentionPolicy } from '../core/retention.ts'
import type { SinkType } from '../core/sink.ts'
import type { TagSettings } from '../core/tags.ts'
import type { ReceiveConfig } from '../core/receive.ts'
import type { Problem } from './problem.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** `auto` is human on a terminal, JSON otherwise. */
export const LOG_FORMATS = ['auto', 'json', 'human'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]

/** An address to listen on. */
export interface Listen {
  readonly host: string
  readonly port: number
}

export interface HttpConfig {
  readonly listen: Listen
  /** Host names, beside the loopback ones, under which the page and the API may be opened. */
  readonly hosts: readonly string[]
  /** `open`: nobody is asked who they are. */
  readonly access: 'accounts' | 'open'
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
}

export interface SinkConfig {
  readonly name: string
  readonly type: SinkType
  /** Parsed by the sink's own schema. */
  readonly options: unknown
  readonly enabled: boolean
  /** How what was missed is made up for. */
  readonly replay: CursorOrder
}

export interface Config {
  readonly version: 1
  /** The file it was loaded from, absolute. */
  readonly file: string
  /** The data folder, absolute. */
  readonly data: string
  readonly log: { readonly level: LogLevel; readonly format: LogFormat }
  /** Undefined when the file says `http: { enabled: false }`. */
  readonly http: HttpConfig | undefined
  /** Roles, sessions, single sign-on, client certificates. */
  readonly access: AccessConfig
  readonly store: StoreConfig
  /** What may be scanned; empty: nothing. */
  readonly discovery: { readonly networks: readonly Network[]; readonly multicast: boolean }
  readonly devices: readonly DeviceConfig[]
  readonly sinks: readonly SinkConfig[]
  /** Where other gateways may hand on their logs; undefined: nowhere. */
  readonly receive: ReceiveConfig | undefined
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
  /** A file that an option names and that cannot be read is a problem; a warning where absent. */
  readonly requireFiles?: boolean | undefined
}
