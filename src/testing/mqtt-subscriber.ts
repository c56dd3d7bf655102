/** A subscriber that keeps every message as it came, in order: what the far side really got. */
import type { TestContext } from 'node:test'
import { eventually } from './peers.ts'

export interface MqttMessage {
  readonly topic: string
  readonly text: string
  readonly retained: boolean
}

export interface MqttSubscriber {
  readonly messages: MqttMessage[]
  /** Waits until a message matches. */
  find(what: string, matches: (message: MqttMessage) => boolean): Promise<MqttMessage>
}

/** Subscribes with QoS 1; after an outage it comes back with its session. */
export async function subscribeMqtt(t: TestContext, url: string, topic = '#'): Promise<MqttSubscriber> {
  const { connectAsync } = await import('mqtt')
  const clientId = `subscriber-${process.pid}-${Math.random().toString(36).slice(2)}`
  const client = await connectAsync(url, { reconnectPeriod: 50, clean: false, clientId, rejectUnauthorized: false })
  const messages: MqttMessage[] = []
  client.on('error', () => undefined)
  client.on('message', (name, payload, { retain }) =>
    messages.push({ topic: name, text: payload.toString(), retained: retain }),
  )
  await client.subscribeAsync(topic, { qos: 1 })
  t.after(() => client.endAsync(true))
  return {
    messages,
    async find(what, matches) {
      await eventually(what, () => messages.some(matches), 5000)
      return messages.find(matches)!
    },
  }
}
