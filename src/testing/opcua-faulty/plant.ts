/** The nodes of the faulty server: counters as asyncua's server has them, and a few to read, write and call. */
import { DataType, resolveNodeId, StatusCodes, Variant, VariantArrayType } from 'node-opcua-client'
import type { OPCUAServer } from 'node-opcua-server'
import type { ChildSettings } from './child.ts'
import { toStatus } from './faults.ts'

const WIDTH = 100_000
const NAMESPACE = 'urn:bifrost:test:plant'

export interface FaultyPlant {
  running: boolean
  readonly count: number
  get(node: string): object
  set(node: string, change: Readonly<Record<string, unknown>>): void
  add(node: string, value: Readonly<Record<string, unknown>>): void
  remove(node: string): void
  stop(): void
}

/** `began`: where the counting goes on after a restart, so that a test can tell what it missed. */
export function createPlant(server: OPCUAServer, settings: ChildSettings, began: number): FaultyPlant {
  const space = server.engine.addressSpace!
  const namespace = space.registerNamespace(NAMESPACE)
  const root = namespace.addFolder('ObjectsFolder', { browseName: 'Plant', nodeId: 's=Plant' })
  const idOf = (name: string) => resolveNodeId(`ns=${namespace.index};s=${name}`)
  const found = (name: string) => {
    const node = space.findNode(idOf(name))
    if (node === null || !('setValueFromSource' in node)) throw new Error(`there is no variable ${name}`)
    return node as ReturnType<typeof variable>
  }
  const variable = (name: string, type: keyof typeof DataType, value: unknown, writable = false) =>
    namespace.addVariable({
      componentOf: root,
      browseName: name.slice(name.lastIndexOf('/') + 1),
      nodeId: `s=${name}`,
      dataType: DataType[type],
      minimumSamplingInterval: 0,
      ...(Array.isArray(value) && type !== 'Int64' ? { valueRank: 1, arrayDimensions: [0] } : {}),
      ...(writable ? {} : { accessLevel: 'CurrentRead', userAccessLevel: 'CurrentRead' }),
      value: toVariant(type, value),
    })
  const { folders = 0, each = 0 } = settings.wide ?? {}
  for (let at = 0; at < folders; at++) {
    const folder = namespace.addFolder(root, { browseName: `Wide${at}`, nodeId: `s=Wide/${at}` })
    for (let child = 0; child < each; child++)
      namespace.addVariable({
        componentOf: folder,
        browseName: `Sensor${child}`,
        nodeId: `s=Wide/${at}/${child}`,
        dataType: DataType.Double,
        accessLevel: 'CurrentRead',
        value: { dataType: DataType.Double, value: child },
      })
  }
  let count = began
  const counters = Array.from({ length: settings.counters ?? 10 }, (_, at) =>
    variable(`Counters/${at}`, 'Double', count * WIDTH + at),
  )
  for (const [type, value] of Object.entries(SCALARS)) variable(`Scalars/${type}`, type as keyof typeof DataType, value)
  for (const type of ['Boolean', 'Int16', 'UInt32', 'Double', 'String'] as const) variable(`Writable/${type}`, type, SCALARS[type], true) // prettier-ignore
  variable('Arrays/Double', 'Double', [1.5, -2.5, 3.5])
  const plant = {
    running: true,
    get count() {
      return count
    },
    get(name: string) {
      const { value, statusCode, sourceTimestamp } = found(name).readValue()
      return { value: value.value as unknown, status: statusCode.name, sourceTime: sourceTimestamp?.toISOString() }
    },
    set(name: string, { value, type, status, sourceTime }: Readonly<Record<string, unknown>>) {
      const node = found(name)
      const variant = value === undefined ? node.readValue().value : toVariant((type ?? DataType[node.readValue().value.dataType]) as 'Double', value) // prettier-ignore
      const code = status === undefined ? StatusCodes.Good : toStatus(status as string)
      node.setValueFromSource(variant, code, sourceTime === undefined ? new Date() : new Date(sourceTime as string))
    },
    add: (name: string, { value, type }: Readonly<Record<string, unknown>>) => void variable(name, type as 'Double', value, true), // prettier-ignore
    remove: (name: string) => space.deleteNode(idOf(name)),
    stop: () => clearInterval(timer),
  }
  const timer = setInterval(() => {
    if (!plant.running) return
    count++
    const now = new Date()
    counters.forEach((node, at) => node.setValueFromSource({ dataType: DataType.Double, value: count * WIDTH + at }, StatusCodes.Good, now)) // prettier-ignore
  }, settings.intervalMs ?? 1000)
  return plant
}

const SCALARS = {
  Boolean: true,
  SByte: -128,
  Byte: 255,
  Int16: -32_768,
  UInt16: 65_535,
  Int32: -2_147_483_648,
  UInt32: 4_294_967_295,
  /** The two halves, high first: the smallest there is. */
  Int64: [0x80000000, 0],
  Float: 0.5,
  Double: 1.25,
  String: 'Wärme ≥ 5',
  DateTime: new Date('2024-02-29T12:34:56.789Z'),
}

function toVariant(type: keyof typeof DataType, value: unknown): Variant {
  const isArray = Array.isArray(value) && type !== 'Int64'
  return new Variant({
    dataType: DataType[type],
    value,
    arrayType: isArray ? VariantArrayType.Array : VariantArrayType.Scalar,
  })
}
