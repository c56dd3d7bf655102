/**
 * A cable that can be pulled: run in a network namespace of its own (`unshare -rn`), it has a loopback interface that is nobody
 * else's. Requests go out while it is down and are given up in several ways; what reaches the devices after it is up again is
 * printed, as JSON: way → registers that were asked for or written.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../core/clock.ts'
import { createModbusServer, ModbusClient, RegisterBank, type ModbusFraming } from '../protocols/modbus/index.ts'
import { dial } from '../wire/dial.ts'

const [ca = '', cert = '', key = ''] = process.argv.slice(2)
const TIMEOUT_MS = 300
const OUTAGE_MS = 800
/** The kernel repeats what was lost after 0.2 s, 0.4 s, 0.8 s …: by then all of it has come, or nothing will. */
const AFTER_MS = 2500

const cable = (state: 'up' | 'down') => {
  const { status, stderr } = spawnSync('ip', ['link', 'set', 'lo', state])
  if (status !== 0) throw new Error(`ip: ${String(stderr)}`)
}

const arrived: Record<string, number[]> = {}
const outcomes: Record<string, string> = {}

/** `name`: one device of its own and a client on it, which asks while the cable is out. */
async function connected(name: string, framing: ModbusFraming, isSecret: boolean) {
  const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: 10 }] })
  const seen: number[] = (arrived[name] = [])
  const server = createModbusServer({
    unit: () => bank,
    clock: systemClock,
    intercept: ({ pdu }) => void seen.push(pdu[2]!),
  })
  const tls = isSecret ? { tls: { cert: readFileSync(cert), key: readFileSync(key) } } : {}
  const port = await server.listen(0, '127.0.0.1', { ...(framing === 'rtu' ? { framing } : {}), ...tls })
  const stream = await dial({ host: '127.0.0.1', port, connectTimeoutMs: 2000, ...(isSecret ? { tls: { ca } } : {}) })
  return new ModbusClient(stream, { framing, maxInFlight: 4, timeoutMs: TIMEOUT_MS, clock: systemClock })
}

const WAYS = {
  read: ['tcp', false, (client: ModbusClient) => client.readHoldingRegisters(1, 7, 1)],
  write: ['tcp', false, (client: ModbusClient) => client.writeRegister(1, 7, 1)],
  expired: ['tcp', false, (client: ModbusClient) => client.writeRegister(1, 7, 1, AbortSignal.timeout(100))],
  closed: ['tcp', false, (client: ModbusClient) => (setTimeout(() => client.close(), 100), client.writeRegister(1, 7, 1))],
  tls: ['tcp', true, (client: ModbusClient) => client.writeRegister(1, 7, 1)],
  rtu: ['rtu', false, (client: ModbusClient) => client.writeRegister(1, 7, 1)],
} as const // prettier-ignore

cable('up')
const clients = await Promise.all(
  Object.entries(WAYS).map(async ([name, [framing, isSecret, ask]]) => {
    const client = await connected(name, framing, isSecret)
    await client.writeRegister(1, 1, 1)
    return { name, client, ask }
  }),
)
cable('down')
await Promise.all(
  clients.map(async ({ name, client, ask }) => {
    const error: unknown = await ask(client).then(
      () => new Error('answered'),
      (reason: unknown) => reason,
    )
    outcomes[name] = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }),
)
await sleep(OUTAGE_MS)
cable('up')
await sleep(AFTER_MS)
process.stdout.write(JSON.stringify({ arrived, outcomes }), () => process.exit(0))
