/** A device of the OPC UA driver without a gateway around it: connected, read, written to, and subscribed to by the addresses of its tags. */
import { opcua } from '../drivers/opcua/driver.ts'
import type { OpcuaAddress } from '../drivers/opcua/address.ts'
import type { Driver, Point } from '../core/driver.ts'
import { statusName } from '../core/status.ts'
import type { DataType, Value } from '../core/value.ts'
import { pointsOf, readAll, tagOf, testContext } from './driver-suite.ts'
import type { Cleanup } from './peers.ts'

/** A value, or the name of the status that says why there is none. */
export type Read = Value | string | undefined

export interface OpcuaProbe {
  readonly device: Driver<OpcuaAddress>
  /** By address, in order. A value that has no type is given as text. */
  read(...tags: readonly (readonly [address: string, type: DataType])[]): Promise<Read[]>
  /** The name of the status, and the remark behind it. */
  write(address: string, type: DataType, value: Value): Promise<string>
  reason(address: string, type: DataType): Promise<string | undefined>
}

export async function openOpcua(
  t: Cleanup,
  endpoint: string,
  options: Record<string, unknown> = {},
): Promise<OpcuaProbe> {
  const device = opcua.create(opcua.options.parse({ endpoint, securityPolicy: 'None', ...options }), testContext('plc'))
  t.after(() => device.close())
  await device.connect(AbortSignal.timeout(10_000))
  const rows = async (tags: readonly (readonly [string, DataType])[]) => {
    const points = pointsOf(opcua, tags.map(([address, type]) => tagOf(address, type))) // prettier-ignore
    const found: Read[] = []
    for (const batch of await readAll(device.prepare(points, true)))
      for (const { tag, value, status } of batch) found[tag - 1] = value ?? statusName(status)
    return found
  }
  return {
    device,
    read: (...tags) => rows(tags),
    async write(address, type, value) {
      const [point] = pointsOf(opcua, [tagOf(address, type)]) as [Point<OpcuaAddress>]
      let said = ''
      const watch = { begin: () => true, remark: (sentence: string) => void (said += ` ${sentence}`) }
      const [status] = await device.write([{ point, value, watch }], AbortSignal.timeout(10_000))
      return `${statusName(status!)}${said}`
    },
    async reason(address, type) {
      await rows([[address, type]])
      // Reasons come as events of the worker, after the answer.
      await device.identify!(AbortSignal.timeout(5000))
      return device.reasonOf!(1)
    },
  }
}
