/** The options in force: what is given, and for what is absent the defaults that belong to the rest. */
import { SINGLE_PAYLOADS } from '../encode/shared-messages.ts'
import type { ConnectionOptions } from '../mqtt-client/options.ts'
import type { MqttOptions } from './options.ts'
import { presetOf, withPreset } from './presets/presets.ts'
import type { Credentials } from './presets/preset.ts'

export interface MqttSettings extends ConnectionOptions {
  readonly clientId: string | undefined
  readonly topic: string
  readonly payload: string
  readonly slashes: 'replace' | 'levels'
  readonly samplesPerMessage: number
  readonly retainsOwn: boolean
  /** Templates; the empty text is none. */
  readonly statusTopic: string
  readonly gapTopic: string
  readonly commands: MqttOptions['commands']
  readonly preset: MqttOptions['preset']
  /** The broker says that we are offline when the connection is cut. */
  readonly will: boolean
  /** A user name and password for one connection; undefined: those of the options, for ever. */
  credentials(now: number): Promise<Credentials | undefined>
}

/** The settings that these options mean. */
export function settingsOf(given: MqttOptions): MqttSettings {
  const options = withPreset(given)
  const preset = presetOf(options)
  const samplesPerMessage = options.samplesPerMessage ?? 1
  const topic = options.topic ?? defaultTopic(options.payload, samplesPerMessage)
  const own = `${rootOf(topic)}_gateway`
  return {
    ...options,
    protocolVersion: options.protocolVersion ?? 5,
    keepalive: options.keepalive ?? 30_000,
    qos: options.qos ?? 1,
    window: options.window ?? 500,
    clientId: options.clientId,
    preset: options.preset,
    will: preset?.limits.will ?? true,
    credentials: async (now) => preset?.credentials?.(options, now),
    commands: options.commands,
    answers: options.commands !== undefined,
    samplesPerMessage,
    topic,
    retain: options.retain ?? samplesPerMessage === 1,
    retainsOwn: options.retain ?? true,
    statusTopic: options.statusTopic ?? `${own}/state`,
    gapTopic: options.gapTopic ?? `${own}/gap`,
  }
}

/** True when a message may hold samples of several tags. */
export const isShared = ({ payload, samplesPerMessage }: MqttSettings): boolean =>
  samplesPerMessage > 1 && !(payload in SINGLE_PAYLOADS)

function defaultTopic(payload: string, samplesPerMessage: number): string {
  return payload === 'neuron-tags' || samplesPerMessage > 1 ? '{device}' : '{device}/{tag}'
}

/** The levels of a topic template before the first that has a placeholder: `acme/` of `acme/{device}/{tag}`. */
function rootOf(topic: string): string {
  const literal = topic.split('{', 1)[0]!
  return literal.slice(0, literal.lastIndexOf('/') + 1)
}
