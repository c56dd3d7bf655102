/** One Modbus device behind the real polling, on a virtual clock: what a hostile device does to its tags within minutes or days. */
import { silentLog } from '../core/log.ts'
import { isGood, statusName } from '../core/status.ts'
import { modbus } from '../drivers/modbus/driver.ts'
import { createPolling } from '../polling/polling.ts'
import { createModbusServer, RegisterBank, type Fault } from '../protocols/modbus/index.ts'
import { pointsOf, tagOf } from './driver-suite.ts'
import { duplexPair } from './duplex-pair.ts'
import { VirtualClock } from './virtual-clock.ts'

export interface PlantOptions {
  readonly addresses: readonly number[]
  readonly everyMs?: number
  readonly options?: Record<string, unknown>
  /** How long the device takes for a request of so many registers. */
  readonly answerMs?: (count: number) => number
}

/** A device whose holding registers hold their own address. `fault` may be changed at any time. */
export function startPlant({ addresses, everyMs = 1000, options = {}, answerMs = () => 5 }: PlantOptions) {
  const clock = new VirtualClock()
  const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: 65_536 }] })
  for (let address = 0; address < 65_536; address++) bank.holdingRegisters.set(address, address)
  const device = {
    /** `at+count` of each read, in the order of arrival. */
    requests: [] as string[],
    connections: 0,
    fault: undefined as ((address: number, count: number) => Fault | undefined) | undefined,
  }
  const server = createModbusServer({
    unit: () => bank,
    clock,
    intercept({ pdu }) {
      const bytes = Buffer.from(pdu)
      const [address, count] = [bytes.readUInt16BE(1), bytes.readUInt16BE(3)]
      device.requests.push(`${address}+${count}`)
      return { delayMs: answerMs(count), ...device.fault?.(address, count) }
    },
  })
  const dial = async () => {
    device.connections++
    const { near, far } = duplexPair()
    server.serve(far)
    return near
  }
  const points = pointsOf(modbus, addresses.map((at) => tagOf(`hr:${at}`, 'uint16', { everyMs }))) // prettier-ignore
  const parsed = modbus.options.parse({ host: 'device', ...options })
  const setup = { name: 'meter', type: modbus as never, options: parsed, enabled: true, points }
  const polling = createPolling([setup], { clock, log: silentLog, dial, random: () => 0.5 })
  /** The last status of each tag, by its address; `Good` only with the right value. */
  const last = new Map<number, string>()
  polling.start((batch) => {
    for (const { tag, status, value } of batch) {
      const { offset } = points[tag - 1]!.address
      last.set(offset, isGood(status) && value !== offset ? `wrong value ${String(value)}` : statusName(status))
    }
  })
  const stop = async () => {
    const stopped = polling.stop()
    await clock.advance(1000)
    await stopped
  }
  return {
    clock,
    device,
    server,
    session: polling.device('meter')!,
    last,
    stop,
    good: () => [...last.values()].filter((status) => status === 'Good').length,
    reasonOf: (address: number) => polling.device('meter')!.reasonOf(addresses.indexOf(address) + 1),
  }
}

/** Refuses, or leaves unanswered, each read of one of these. */
export const faultAt =
  (fault: Fault, ...bad: readonly number[]) =>
  (address: number, count: number): Fault | undefined =>
    bad.some((register) => address <= register && register < address + count) ? fault : undefined
