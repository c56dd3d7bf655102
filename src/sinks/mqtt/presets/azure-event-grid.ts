/** Azure Event Grid namespaces: a broker with MQTT 5 and 3.1.1, client certificates, and topics of one's own within a topic space. */
import type { Preset } from './preset.ts'

export const azureEventGrid: Preset = {
  title: 'Azure Event Grid',
  limits: {
    protocolVersions: [5, 4],
    retain: true,
    will: true,
    commands: true,
    keepaliveMs: [1000, 1_160_000],
    maxPacket: 512 * 1024,
    window: 500,
    clientIdBytes: 128,
    topicBytes: 256,
    topicLevels: 8,
  },
  client: 'the name of the session',
  certificate: 'required',
  defaults: () => ({}),
  check({ username }, issue) {
    if (username === undefined) issue('username', 'Azure Event Grid wants the authentication name of the client here')
  },
}
