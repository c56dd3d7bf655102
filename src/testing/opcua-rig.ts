/** A gateway with one OPC UA device on a server of the tests, and all that came of it in order of arrival. */
import type { TestContext } from 'node:test'
import { opcua } from '../drivers/opcua/driver.ts'
import type { Gateway } from '../gateway.ts'
import { startTestGateway, type DeviceSketch, type GatewaySketch, type TagSketch } from './gateway-fixture.ts'
import { eventually } from './peers.ts'

/** One row that the pipeline let through. */
export interface SeenRow {
  readonly tag: string
  readonly value: unknown
  readonly status: number
  readonly time: number
  readonly historical: boolean
}

export interface OpcuaRig {
  readonly gateway: Gateway
  /** What came since `forget`, of one tag or of all. */
  rows(tag?: string): SeenRow[]
  forget(): void
  /** The row that came last of this tag; undefined: none. */
  last(tag: string): SeenRow | undefined
  /** Waits until a row of this tag passes. */
  see(tag: string, what: string, passes: (row: SeenRow) => boolean, timeoutMs?: number): Promise<SeenRow>
  readonly device: NonNullable<ReturnType<Gateway['polling']['device']>>
}

export async function startOpcuaRig(
  t: TestContext,
  endpoint: string,
  tags: readonly TagSketch[],
  options: Record<string, unknown> = {},
  everyMs = 100,
  { parameters, ...more }: Pick<GatewaySketch, 'folder' | 'log'> & Pick<DeviceSketch, 'parameters'> = {},
): Promise<OpcuaRig> {
  const gateway = await startTestGateway(t, {
    ...more,
    devices: [
      {
        name: 'ua',
        type: opcua,
        options: { endpoint, securityPolicy: 'None', ...options },
        tags,
        everyMs,
        ...(parameters === undefined ? {} : { parameters }),
      },
    ],
  })
  let rows: SeenRow[] = []
  gateway.onBatch((batch) => {
    for (const { tag, value, status, time, historical } of batch)
      rows.push({ tag: gateway.store.tags.get(tag)!.settings.name, value, status, time, historical })
  })
  const of = (tag: string): SeenRow[] => rows.filter((row) => row.tag === tag)
  return {
    gateway,
    rows: (tag) => (tag === undefined ? rows : of(tag)),
    forget: () => void (rows = []),
    last: (tag) => of(tag).at(-1),
    device: gateway.polling.device('ua')!,
    async see(tag, what, passes, timeoutMs) {
      let found: SeenRow | undefined
      const said = () =>
        `${tag}: ${what}; it is ${gateway.polling.device('ua')!.state}: ${gateway.polling.device('ua')!.reason}; seen ${JSON.stringify(of(tag).slice(-3), (_, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v))}`
      await eventually(said, () => (found = of(tag).find(passes)) !== undefined, timeoutMs)
      return found!
    },
  }
}
