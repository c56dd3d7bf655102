/** The presets, by the names that are written in configuration files; and what all of them check. */
import { SINGLE_PAYLOADS } from '../../encode/shared-messages.ts'
import type { MqttOptions } from '../options.ts'
import { awsIotCore } from './aws-iot-core.ts'
import { azureEventGrid } from './azure-event-grid.ts'
import { azureIotHub } from './azure-iot-hub.ts'
import { clearblade } from './clearblade.ts'
import type { Issue, Preset } from './preset.ts'

/** Samples of a message where a preset is used: clouds count messages. */
const TOGETHER = 500

const PRESETS: Readonly<Record<NonNullable<MqttOptions['preset']>, Preset>> = {
  'aws-iot-core': awsIotCore,
  'azure-iot-hub': azureIotHub,
  'azure-event-grid': azureEventGrid,
  clearblade,
}

export const presetOf = ({ preset }: Pick<MqttOptions, 'preset'>): Preset | undefined => preset && PRESETS[preset]

/** The options with the defaults of their preset where they say nothing. */
export function withPreset(options: MqttOptions): MqttOptions {
  const preset = presetOf(options)
  if (preset === undefined) return options
  const { protocolVersions, maxPacket, window } = preset.limits
  const defaults = {
    protocolVersion: protocolVersions[0],
    qos: 1,
    retain: false,
    samplesPerMessage: options.payload in SINGLE_PAYLOADS ? 1 : TOGETHER,
    maxPacket,
    window,
    ...preset.defaults(options),
  } as const
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return { ...defaults, ...(Object.fromEntries(given) as MqttOptions) }
}

/** What is wrong with these options, each at its place. `options` have their defaults. */
export function checkPreset(options: MqttOptions, issue: Issue): void {
  const preset = presetOf(options)
  if (options.topic?.startsWith('$') === true && options.preset !== 'aws-iot-core')
    issue('topic', `topic "${options.topic}" may not begin with $: such topics belong to the broker`)
  for (const [name, owner] of [
    ['sasKey', 'azure-iot-hub'],
    ['jwtKey', 'clearblade'],
  ] as const)
    // prettier-ignore
    if (options[name] !== undefined && options.preset !== owner) issue(name, `belongs to preset: ${owner}`)
  if (preset === undefined) return
  checkLimits(options, preset, issue)
  preset.check(options, issue)
}

function checkLimits(options: MqttOptions, { title, limits, client, certificate }: Preset, issue: Issue): void {
  const { url, protocolVersion, qos, retain, keepalive, window, maxPacket, clientId, cert } = options
  if (!url.startsWith('mqtts://')) issue('url', `${title} is reached by mqtts://`)
  if (clientId === undefined) issue('clientId', `is needed for ${title}: ${client}`)
  else if (Buffer.byteLength(clientId) > limits.clientIdBytes)
    issue('clientId', `${title} takes at most ${limits.clientIdBytes} bytes`)
  if (certificate === 'required' && cert === undefined)
    issue('cert', `${title} wants a client certificate: cert and key`)
  if (protocolVersion !== undefined && !limits.protocolVersions.includes(protocolVersion))
    issue('protocolVersion', `${title} speaks protocolVersion: ${limits.protocolVersions.join(' and ')} only`)
  if ((qos ?? 0) > 1) issue('qos', `${title} takes a quality of service of at most 1`)
  if (retain === true && !limits.retain) issue('retain', `${title} keeps no retained messages`)
  const [least, most] = limits.keepaliveMs
  if (keepalive !== undefined && (keepalive < least || keepalive > most))
    issue('keepalive', `${title} takes ${least / 1000} s to ${most / 1000} s`)
  if ((window ?? 0) > limits.window) issue('window', `${title} takes at most ${limits.window} unconfirmed messages`)
  if ((maxPacket ?? 0) > limits.maxPacket) issue('maxPacket', `${title} takes at most ${limits.maxPacket} bytes`)
  if (options.commands !== undefined && !limits.commands)
    issue('commands', `${title} has no topics of one's own to subscribe to`)
}

/** Why this cloud would not take this topic. */
export function topicFault(options: Pick<MqttOptions, 'preset'>, topic: string): string | undefined {
  const preset = presetOf(options)
  if (preset === undefined) return undefined
  const { title, limits, counted = (whole: string) => whole } = preset
  const { topicBytes = Infinity, topicLevels = Infinity } = limits
  const part = counted(topic)
  if (Buffer.byteLength(part) > topicBytes) return `${title} takes topics of at most ${topicBytes} bytes`
  if (part.split('/').length > topicLevels) return `${title} takes topics of at most ${topicLevels} levels`
  return undefined
}
