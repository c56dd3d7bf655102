/**
 * Alerts to a topic of an MQTT broker, in the same JSON as a webhook gets. Alerts are rare: a connection is made for each message, by the one
 * home of MQTT connections, and the message counts as sent when the broker has confirmed it (QoS 1).
 */
import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import type { SinkContext } from '../../core/sink.ts'
import { brokerUrl, connectionOptions } from '../../sinks/mqtt-client/options.ts'
import type { Message } from '../message.ts'
import { webhookOf } from '../message.ts'
import { defineReceiver } from '../receiver.ts'

export const mqtt = defineReceiver({
  name: 'mqtt',
  summary: 'A message to a topic of an MQTT broker, with the JSON that a webhook gets.',
  options: z.object({
    url: brokerUrl.describe('Where the broker is, such as mqtts://broker.plant:8883.'),
    topic: z
      .string()
      .min(1)
      .max(1000)
      .regex(/^[^+#\0]*$/, 'a topic to publish to has neither + nor #')
      .default('bifrost/{gateway}/alerts/{alert}')
      .describe('Where alerts go; {gateway}, {alert}, {severity} and {status} stand for their words.'),
    retain: z
      .boolean()
      .default(false)
      .describe('true: the broker keeps the last message of each topic for those who come later.'),
    ...connectionOptions,
  }),
  create(options, { name, log, clock, dial, sender }) {
    const connection = { ...options, qos: 1 as const, window: 1 }
    // A connection of alerts reads no tags and no values: what it takes of a sink's context is this.
    const context = { name, log, clock, dial } as SinkContext
    return {
      where: options.url,
      async send(message, signal) {
        const { openConnection } = await import('../../sinks/mqtt-client/open-connection.ts')
        const clientId = options.clientId ?? `bifrost-${name}-${message.id.slice(0, 8)}`
        const open = await openConnection(connection, { clientId, will: undefined }, context, signal)
        try {
          const payload = JSON.stringify(webhookOf(message, name, sender))
          const topic = topicOf(options.topic, message, sender.name)
          const refused = await open.say(topic, payload, options.retain, signal)
          if (refused >= 0x80) throw new GatewayError('SINK_REFUSED', `${options.url} refused the topic ${topic} (0x${refused.toString(16)}); let this user publish there`) // prettier-ignore
        } finally {
          await open.close()
        }
      },
      close: () => undefined,
    }
  },
})

const topicOf = (template: string, { group, alerts }: Message, gateway: string): string =>
  template
    .replaceAll('{gateway}', levelOf(gateway))
    .replaceAll('{alert}', group)
    .replaceAll('{severity}', alerts[0]?.severity ?? 'info')
    .replaceAll('{status}', alerts.some(({ state }) => state !== 'resolved') ? 'firing' : 'resolved')

/** One level of a topic: nothing that parts levels or stands for others. */
const levelOf = (text: string): string => text.replace(/[/+#\0]/g, '_')
