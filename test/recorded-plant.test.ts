/**
 * Real plants: the register maps recorded in `plant-1` and `plant-2`, several units each, served with the answers as recorded and
 * polled through the whole path to MQTT. Every value that arrives must be the recorded one.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startRecorded, type Recording } from '../simulators/recorded.ts'
import { startGatewayProcess } from '../src/testing/gateway-process.ts'
import { startMosquitto } from '../src/testing/mosquitto.ts'
import { recordMqtt } from '../src/testing/mqtt-recorder.ts'
import { eventually, needs, needsFile } from '../src/testing/peers.ts'
import { recordedUnits } from '../src/testing/modbus-captures.ts'

const CAPTURES = join(import.meta.dirname, '..', '..', 'shared', 'captures', 'modbus')

interface RecordedTag {
  readonly unit: number
  readonly name: string
  readonly address: string
  readonly type: 'uint16' | 'bool'
  readonly value: number
}

for (const name of ['plant-1', 'plant-2']) {
  const file = join(CAPTURES, `${name}.pcap`)
  test(
    `${name}: what the real devices answered arrives on MQTT`,
    { skip: needs('mosquitto') || needsFile(file) },
    async (t) => {
      assert.ok(existsSync(file))
      const recordings: Recording[] = []
      for (const [unit, entries] of recordedUnits(file)) {
        for (const entry of entries)
          recordings.push({
            unit,
            function: entry.function,
            address: entry.address,
            count: entry.count,
            responsePdu: entry.responsePdu,
          })
      }
      const server = await startRecorded(recordings, { port: 0, host: '127.0.0.1' })
      t.after(() => server.close())
      const tags = recordedTags(recordings)
      const units = [...new Set(tags.map((tag) => tag.unit))]
      assert.ok(units.length > 1, 'several units')
      assert.ok(tags.length > 40, `${tags.length} points`)

      const broker = await startMosquitto(t)
      const recorder = await recordMqtt(t, broker.url, 'plant/#')
      const files = Object.fromEntries(
        units.map((unit) => [`unit-${unit}.csv`, csv(tags.filter((tag) => tag.unit === unit))]),
      )
      const devices = units.map((unit) => {
        return `  - { name: unit-${unit}, driver: modbus, every: 500ms, options: { host: 127.0.0.1, port: ${server.port}, unit: ${unit} }, tags: unit-${unit}.csv }`
      })
      const sink = `  - { name: plant, sink: mqtt, options: { url: '${broker.url}', topic: 'plant/{device}/{tag}', payload: uns-json } }`
      await startGatewayProcess(t, { yaml: `devices:\n${devices.join('\n')}\nsinks:\n${sink}\n`, files })

      const latest = () => new Map(recorder.messages.map((message) => [message.topic, message]))
      await eventually('every recorded point arrives', () => latest().size >= tags.length, 20_000)
      const arrived = latest()
      for (const tag of tags) {
        const message = arrived.get(`plant/unit-${tag.unit}/${tag.name}`)
        assert.ok(message, `${tag.unit}/${tag.name} never arrived`)
        assert.deepEqual([Number(message.v), message.q], [tag.value, 0], `unit ${tag.unit} ${tag.address}`)
      }
    },
  )
}

const TABLES: Record<number, string> = { 1: 'co', 2: 'di', 3: 'hr', 4: 'ir' }

/** One tag for each register or bit that was ever answered; the last answer counts. Decoded here, without our codec. */
function recordedTags(recordings: readonly Recording[]): RecordedTag[] {
  const tags = new Map<string, RecordedTag>()
  for (const { unit, function: functionCode, address, count, responsePdu } of recordings) {
    const table = TABLES[functionCode]
    const pdu = typeof responsePdu === 'string' ? Buffer.from(responsePdu, 'hex') : Buffer.from(responsePdu)
    if (table === undefined || pdu[0] !== functionCode) continue
    const bits = functionCode <= 2
    for (let i = 0; i < count; i++) {
      const at = bits ? 2 + (i >> 3) : 2 + 2 * i
      if (at + (bits ? 1 : 2) > pdu.length) break
      const value = bits ? (pdu[at]! >> (i & 7)) & 1 : pdu.readUInt16BE(at)
      const name = `${table}-${address + i}`
      tags.set(`${unit} ${name}`, {
        unit,
        name,
        address: `${table}:${address + i}`,
        type: bits ? 'bool' : 'uint16',
        value,
      })
    }
  }
  return [...tags.values()]
}

const csv = (tags: readonly RecordedTag[]): string =>
  `name,address,type\n${tags.map((tag) => `${tag.name},${tag.address},${tag.type}\n`).join('')}`
