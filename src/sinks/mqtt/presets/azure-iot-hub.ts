/**
 * Azure IoT Hub: MQTT 3.1.1, one topic for telemetry with a property bag behind it, a certificate or a SAS token made from the key of the
 * device. It is no broker: nothing is retained, and there are no topics of one's own.
 */
import { createHmac } from 'node:crypto'
import type { MqttOptions } from '../options.ts'
import type { Preset } from './preset.ts'

const API_VERSION = '2021-04-12'
/** The body is JSON in UTF-8: only then do routes of the hub look into it. */
const JSON_BODY = '$.ct=application%2Fjson&$.ce=utf-8'

const hubOf = ({ url }: MqttOptions): string => (URL.canParse(url) ? new URL(url).hostname : '')
const eventsOf = ({ clientId = '' }: MqttOptions): string => `devices/${clientId}/messages/events/`

export const azureIotHub: Preset = {
  title: 'Azure IoT Hub',
  limits: {
    protocolVersions: [4],
    retain: false,
    will: true,
    commands: false,
    keepaliveMs: [1000, 1_177_000],
    maxPacket: 256 * 1024,
    window: 100,
    clientIdBytes: 128,
  },
  client: 'the id of the device',
  certificate: 'allowed',
  defaults: (options) => ({
    username: `${hubOf(options)}/${options.clientId}/?api-version=${API_VERSION}`,
    topic: eventsOf(options) + (isJson(options) ? JSON_BODY : ''),
    statusTopic: '',
    gapTopic: `${eventsOf(options)}kind=gap&${JSON_BODY}`,
  }),
  check(options, issue) {
    const { cert, sasKey, topic = '', statusTopic, gapTopic, password } = options
    if ((cert === undefined) === (sasKey === undefined))
      issue('sasKey', 'give either sasKey, the key of the device, or cert and key')
    if (password !== undefined) issue('password', 'is made from sasKey')
    if (sasKey !== undefined && !isBase64(sasKey)) issue('sasKey', 'is base64, as the portal shows it')
    const begin = eventsOf(options)
    for (const [name, text] of Object.entries({ topic, statusTopic, gapTopic }))
      if (text !== undefined && text !== '' && !text.startsWith(begin))
        issue(name, `Azure IoT Hub takes messages in "${begin}" only, with properties behind it`)
    if (/\{(device|tag|unit|type)\}/.test(topic))
      issue('topic', 'properties are the same for all tags: names of tags are in the payload')
  },
  async credentials(options, now) {
    const { clientId = '', username = '', sasKey, tokenLifetime } = options
    if (sasKey === undefined) return undefined
    const resource = encodeURIComponent(`${hubOf(options)}/devices/${clientId}`)
    const expiry = Math.floor((now + tokenLifetime) / 1000)
    const signed = createHmac('sha256', Buffer.from(sasKey, 'base64')).update(`${resource}\n${expiry}`).digest('base64')
    const password = `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signed)}&se=${expiry}`
    return { username, password, goodForMs: tokenLifetime }
  },
}

const isJson = ({ payload }: MqttOptions): boolean => payload !== 'telegraf-influx'

const isBase64 = (text: string): boolean => Buffer.from(text, 'base64').toString('base64') === text
