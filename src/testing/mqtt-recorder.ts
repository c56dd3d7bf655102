/** A subscriber that keeps every sample in order: what the far side really got. The gateway's own status is left out. */
import type { TestContext } from 'node:test'

/** One `uns-json` message. */
export interface Received {
  readonly topic: string
  readonly v: unknown
  readonly t: number
  readonly q: number
  readonly log: string
  readonly seq: number
  readonly retained: boolean
}

export interface MqttRecorder {
  readonly messages: Received[]
  /** Ready for the next message; used by tests that wait for a count. */
  close(): Promise<void>
}

/** Subscribes with QoS 1 and, after the broker's restart, again. */
export async function recordMqtt(t: TestContext, url: string, topic: string): Promise<MqttRecorder> {
  const { connectAsync } = await import('mqtt')
  const client = await connectAsync(url, {
    reconnectPeriod: 100,
    clean: false,
    clientId: `recorder-${Math.random().toString(36).slice(2)}`,
  })
  const messages: Received[] = []
  client.on('error', () => {})
  client.on('message', (name, payload, packet) => {
    if (name.includes('/_gateway/')) return
    const body = JSON.parse(payload.toString()) as Omit<Received, 'topic' | 'retained'>
    messages.push({ ...body, topic: name, retained: packet.retain })
  })
  await client.subscribeAsync(topic, { qos: 1 })
  const close = async () => {
    await client.endAsync(true)
  }
  t.after(close)
  return { messages, close }
}
