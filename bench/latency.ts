/**
 * From a register's change to an MQTT subscriber: a Modbus server in this process changes a register at moments that have
 * nothing to do with the poll; the gateway polls it every 250 ms; a subscriber of a real mosquitto takes the time.
 * Target: p99 < poll interval + 50 ms.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../src/core/clock.ts'
import { RegisterBank, createModbusServer } from '../src/protocols/modbus/index.ts'
import { findCommand, freePort } from '../src/testing/peers.ts'

const EVERY_MS = 250

export async function run(args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { changes: { type: 'string', default: '200' } } })
  const mosquitto = findCommand('mosquitto')
  if (mosquitto === undefined) return console.log('skipped: mosquitto is not installed')
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-latency-'))
  const brokerPort = await freePort()
  writeFileSync(
    join(folder, 'mosquitto.conf'),
    `listener ${brokerPort} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n`,
  )
  const broker = spawn(mosquitto, ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' })
  await new Promise((resolve) => setTimeout(resolve, 500))
  const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: 10 }] })
  const server = createModbusServer({ clock: systemClock, unit: (id) => (id === 1 ? bank : undefined) })
  const port = await server.listen(0, '127.0.0.1')
  const config = join(folder, 'bifrost.yaml')
  writeFileSync(config, configText(port, brokerPort))
  const gateway = spawn(join(import.meta.dirname, '..', 'bin', 'bifrost'), ['run', '-c', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    print(await measure(bank, brokerPort, Number(values.changes)))
  } finally {
    gateway.kill('SIGTERM')
    await once(gateway, 'exit')
    broker.kill()
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(bank: RegisterBank, brokerPort: number, changes: number): Promise<number[]> {
  const { connectAsync } = await import('mqtt')
  const client = await connectAsync(`mqtt://127.0.0.1:${brokerPort}`)
  let waiting: { value: number; since: number; resolve: (ms: number) => void } | undefined
  client.on('message', (_topic, payload) => {
    const { v } = JSON.parse(payload.toString()) as { v: number }
    if (waiting !== undefined && v === waiting.value) waiting.resolve(performance.now() - waiting.since)
  })
  await client.subscribeAsync('bench/#', { qos: 1 })
  const times: number[] = []
  for (let value = 1; value <= changes + 5; value++) {
    const arrived = new Promise<number>((resolve) => (waiting = { value, since: performance.now(), resolve }))
    bank.holdingRegisters.set(0, value)
    const ms = await arrived
    if (value > 5) times.push(ms)
    await new Promise((resolve) => setTimeout(resolve, 37 + ((value * 61) % 200)))
  }
  await client.endAsync()
  return times.sort((a, b) => a - b)
}

function print(times: readonly number[]): void {
  const at = (q: number) => times[Math.min(times.length - 1, Math.floor(times.length * q))]!
  const holds = at(0.99) < EVERY_MS + 50
  console.log(
    `register change → MQTT subscriber, polled every ${EVERY_MS} ms, ${times.length} changes: p50 ${at(0.5).toFixed(0)} ms, ` +
      `p99 ${at(0.99).toFixed(0)} ms (< ${EVERY_MS + 50})${holds ? '' : '  MISSED'}, max ${at(1).toFixed(0)} ms`,
  )
  if (!holds) process.exitCode = 1
}

const configText = (port: number, brokerPort: number): string => `version: 1
data: ./data
http: { enabled: false }
devices:
  - name: d1
    driver: modbus
    every: ${EVERY_MS}ms
    options: { host: 127.0.0.1, port: ${port} }
    tags: [{ name: r0, address: 'hr:0', type: uint16 }]
sinks:
  - { name: bench, sink: mqtt, options: { url: 'mqtt://127.0.0.1:${brokerPort}', topic: 'bench/{device}/{tag}', payload: uns-json, qos: 1 } }
`
