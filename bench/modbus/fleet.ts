/**
 * 10,000 devices polled each second from one process: the protocol part alone, a client a connection, ten registers each, the
 * farm in another process. The process under measurement does nothing else.
 */
import { fork, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { systemClock } from '../../src/core/clock.ts'
import { encodeRequest, ModbusClient } from '../../src/protocols/modbus/index.ts'
import { farmAddress } from '../../simulators/farm.ts'
import { dial } from '../../src/wire/dial.ts'
import { judge } from './verdict.ts'

const DEVICES = 10_000
const REGISTERS = 10
const SECONDS = 20
/** Polls are spread over the second as the gateway's schedule does. */
const TICKS = 200

interface FleetReport {
  readonly replies: number
  readonly wrong: number
  readonly seconds: number
  readonly cpuRatio: number
  readonly p50: number
  readonly p99: number
  readonly highest: number
  readonly rssMiB: number
}

export async function runFleet(): Promise<void> {
  const farm = spawn(
    process.execPath,
    [
      join(import.meta.dirname, '..', '..', 'simulators', 'farm.ts'),
      '--devices',
      String(DEVICES),
      '--tags',
      String(REGISTERS),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  try {
    const first = await createInterface({ input: farm.stdout })[Symbol.asyncIterator]().next()
    const { port } = JSON.parse(String(first.value)) as { port: number }
    const child = fork(import.meta.filename, [String(port)], {
      execPath: join(import.meta.dirname, '..', '..', 'bin', 'launch'),
      execArgv: [],
    })
    const report = await new Promise<FleetReport>((resolve, reject) => {
      child.once('message', (message) => resolve(message as FleetReport))
      child.once('exit', (code) => reject(new Error(`the poller ended with ${code}`)))
    })
    print(report)
  } finally {
    farm.kill()
  }
}

function print(report: FleetReport): void {
  const { replies, wrong, seconds, cpuRatio, p50, p99, highest, rssMiB } = report
  console.log(`\n${DEVICES} devices polled each second, ${seconds.toFixed(0)} s: ${replies} replies, ${wrong} wrong`)
  judge('replies a second', replies / seconds, DEVICES * 0.99, 'at least')
  judge('wrong replies', wrong, 0)
  judge(`round trip p99 (p50 ${p50.toFixed(2)}, highest ${highest.toFixed(1)})`, p99, 10, 'at most', ' ms')
  judge('CPU of one core', cpuRatio * 100, 35, 'at most', ' %')
  judge('RSS, highest', rssMiB, 180, 'at most', ' MiB')
}

async function poll(port: number): Promise<FleetReport> {
  const request = encodeRequest({ functionCode: 3, address: 0, count: REGISTERS }).slice()
  const clients: ModbusClient[] = []
  for (let i = 0; i < DEVICES; i++) {
    const socket = await dial({ host: farmAddress(i), port, connectTimeoutMs: 5000, direct: true })
    clients.push(new ModbusClient(socket, { maxInFlight: 1, timeoutMs: 2000, clock: systemClock }))
  }
  const roundTrips = new Float64Array(DEVICES * SECONDS)
  let replies = 0
  let wrong = 0
  let rss = 0
  const ask = async (client: ModbusClient): Promise<void> => {
    const sent = performance.now()
    const pdu = await client.request(1, request)
    roundTrips[replies++] = performance.now() - sent
    if (pdu.length !== 2 + REGISTERS * 2) wrong++
  }
  let asked: Promise<void>[] = []
  const cpu = process.cpuUsage()
  const start = performance.now()
  for (let tick = 0; tick < SECONDS * TICKS; tick++) {
    for (let i = tick % TICKS; i < DEVICES; i += TICKS) asked.push(ask(clients[i]!))
    if (tick % TICKS === 0) {
      rss = Math.max(rss, process.memoryUsage.rss())
      asked = asked.slice(-DEVICES)
    }
    const pause = start + ((tick + 1) * 1000) / TICKS - performance.now()
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause))
  }
  await Promise.all(asked)
  const { user, system } = process.cpuUsage(cpu)
  const seconds = (performance.now() - start) / 1000
  const sorted = roundTrips.subarray(0, replies).sort()
  return {
    replies,
    wrong,
    seconds,
    cpuRatio: (user + system) / 1e6 / seconds,
    p50: sorted[Math.floor(replies * 0.5)]!,
    p99: sorted[Math.floor(replies * 0.99)]!,
    highest: sorted[replies - 1]!,
    rssMiB: rss / 2 ** 20,
  }
}

if (import.meta.main) {
  const report = await poll(Number(process.argv[2]))
  process.send!(report, () => process.exit(0))
}
