/** AWS IoT Core: TLS with a client certificate, MQTT 5 and 3.1.1, small limits and a rate of messages, so samples travel together. */
import type { Preset } from './preset.ts'

/** Basic Ingest: straight to a rule, past the broker. These levels are not counted. */
const BASIC_INGEST = /^\$aws\/rules\/[^/]+\//

export const awsIotCore: Preset = {
  title: 'AWS IoT Core',
  limits: {
    protocolVersions: [5, 4],
    retain: true,
    will: true,
    commands: true,
    keepaliveMs: [30_000, 1_200_000],
    maxPacket: 128 * 1024,
    window: 100,
    clientIdBytes: 128,
    topicBytes: 256,
    topicLevels: 8,
  },
  client: 'the name of the thing',
  certificate: 'required',
  // There is nobody to read the status where everything goes to a rule.
  defaults: ({ topic }) => (BASIC_INGEST.test(topic ?? '') ? { statusTopic: '' } : {}),
  check({ topic, retain, statusTopic, gapTopic }, issue) {
    if (retain !== true) return
    for (const [name, text] of Object.entries({ topic, statusTopic, gapTopic }))
      if (text?.startsWith('$') === true) issue(name, 'Basic Ingest keeps no retained messages; set retain: false')
  },
  counted: (topic) => topic.replace(BASIC_INGEST, ''),
}
