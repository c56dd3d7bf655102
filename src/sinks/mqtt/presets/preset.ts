/** What a preset is: a cloud's limits as data, what options mean where they say nothing, and the few rules that are its own. */
import type { MqttOptions } from '../options.ts'

export interface Limits {
  readonly protocolVersions: readonly (4 | 5)[]
  readonly retain: boolean
  /** It publishes a last will. */
  readonly will: boolean
  /** Topics of one's own can be subscribed to. */
  readonly commands: boolean
  readonly keepaliveMs: readonly [least: number, most: number]
  readonly maxPacket: number
  readonly window: number
  readonly clientIdBytes: number
  readonly topicBytes?: number
  readonly topicLevels?: number
}

export interface Credentials {
  readonly username: string
  readonly password: string
  /** From now; a new connection is made before it has passed. */
  readonly goodForMs: number
}

/** The path of an option, and a sentence for people. */
export type Issue = (path: string, message: string) => void

export interface Preset {
  /** Its own name for people. */
  readonly title: string
  readonly limits: Limits
  /** How it knows a client: words for a message. */
  readonly client: string
  readonly certificate: 'required' | 'allowed'
  defaults(options: MqttOptions): Partial<MqttOptions>
  /** What else is wrong; `options` have their defaults. */
  check(options: MqttOptions, issue: Issue): void
  /** The part of a topic to which its limits apply. */
  counted?(topic: string): string
  /** Made anew for every connection; undefined where the certificate is all. */
  credentials?(options: MqttOptions, now: number): Promise<Credentials | undefined>
}
