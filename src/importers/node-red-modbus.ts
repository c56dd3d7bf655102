/** Nodes of node-red-contrib-modbus. A read node gives raw registers as numbers; what becomes of them stands in functions behind it. */
import type { DeviceHarvest, Harvest } from './harvest.ts'
import { canonical, type Area } from './modbus-words.ts'
import { numberAt, textAt, type Json } from './source-text.ts'

export interface FlowNode {
  readonly node: Json
  readonly place: string
}

const AREAS: Record<string, Area> = { Coil: 'co', Input: 'di', HoldingRegister: 'hr', InputRegister: 'ir' }
const TRANSPORTS: Record<string, string> = { 'TCP-RTU-BUFFERED': 'rtu-over-tcp', TELNET: 'rtu-over-tcp', 'UDP-DEFAULT': 'udp', UDP: 'udp' } // prettier-ignore
const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
/** Settings and lookers-on, which read nothing. */
const SILENT = /^modbus-(client|io-config|response|response-filter|queue-info|fc|server|flex-server)/i

export class NodeRedModbus {
  readonly #byId: ReadonlyMap<string, FlowNode>
  readonly #harvest: Harvest
  readonly #devices = new Map<string, DeviceHarvest>()

  constructor(byId: ReadonlyMap<string, FlowNode>, harvest: Harvest) {
    this.#byId = byId
    this.#harvest = harvest
  }

  read(node: Json, place: string): void {
    const type = textAt(node, 'type') ?? ''
    const name = textAt(node, 'name') || type
    if (/^modbus-(read|getter)$/i.test(type)) return this.#readNode(node, place, name)
    if (/server$/i.test(type))
      return this.#harvest.leave(place, `${type} "${name}"`, 'it is a Modbus server', 'See `proxy` in docs/reference/drivers.md.') // prettier-ignore
    if (SILENT.test(type)) return
    const why = /write/i.test(type)
      ? 'it writes what a message says'
      : 'what it reads stands in messages, not in the node'
    this.#harvest.leave(place, `${type} "${name}"`, why, 'Write its registers as tags by hand.')
  }

  #readNode(node: Json, place: string, name: string): void {
    const area = AREAS[textAt(node, 'dataType') ?? '']
    const [address, quantity] = [numberAt(node, 'adr') ?? -1, numberAt(node, 'quantity') ?? 1]
    const device = this.#device(node, place)
    if (device === undefined) return
    const at = area === undefined ? undefined : canonical({ area, offset: address })
    if (at === undefined || !(quantity >= 1 && quantity <= 2000))
      return this.#harvest.leave(
        place,
        `"${name}"`,
        'its table, address or quantity is not one of Modbus',
        'Correct the node.',
      )
    const isBit = area === 'co' || area === 'di'
    const everyMs = (numberAt(node, 'rate') ?? 1) * (UNIT_MS[textAt(node, 'rateUnit') ?? 's'] ?? 1000)
    if (!isBit)
      this.#harvest.change(place, `"${device.name}/${name}": raw registers (uint16), as the node gives them; what functions make of them (float, scaling) is yours to say: \`bifrost modbus detect\` helps`) // prettier-ignore
    device.add({
      name,
      address: quantity > 1 ? `${at}[${quantity}]` : at,
      type: isBit ? 'bool' : 'uint16',
      everyMs,
      place,
    })
  }

  /** A client and a unit id are a device. */
  #device(node: Json, place: string): DeviceHarvest | undefined {
    const id = textAt(node, 'server') ?? ''
    const client = this.#byId.get(id)
    if (client === undefined || !/^modbus-client/i.test(textAt(client.node, 'type') ?? '')) {
      this.#harvest.leave(place, `"${textAt(node, 'name') ?? ''}"`, `its client "${id}" is not in the file`, 'Export the flow with its configuration nodes.') // prettier-ignore
      return undefined
    }
    const given = textAt(node, 'unitid') || textAt(client.node, 'unit_id') || '1'
    const key = `${id} ${given}`
    const known = this.#devices.get(key)
    if (known !== undefined) return known
    const title = textAt(client.node, 'name') || textAt(client.node, 'tcpHost') || 'modbus'
    const several = [...this.#devices.keys()].some((one) => one.startsWith(`${id} `))
    const options = { ...connection(client.node), unit: Number(given) }
    const made = this.#harvest.device({ name: several ? `${title}-${given}` : title, driver: 'modbus', options, place: client.place }) // prettier-ignore
    this.#devices.set(key, made)
    return made
  }
}

function connection(client: Json): Record<string, unknown> {
  const timeout = numberAt(client, 'clientTimeout')
  const common = timeout === undefined || timeout < 1 ? {} : { timeout: `${timeout}ms` }
  if (/^serial/i.test(textAt(client, 'clienttype') ?? '')) {
    const serial = {
      path: textAt(client, 'serialPort') ?? '',
      baud: numberAt(client, 'serialBaudrate') ?? 9600,
      parity: textAt(client, 'serialParity') ?? 'none',
      stopBits: numberAt(client, 'serialStopbits') ?? 1,
      dataBits: numberAt(client, 'serialDatabits') ?? 8,
    }
    return { transport: /ascii/i.test(textAt(client, 'serialType') ?? '') ? 'ascii' : 'rtu', serial, ...common }
  }
  const transport = TRANSPORTS[textAt(client, 'tcpType') ?? ''] ?? 'tcp'
  return { transport, host: textAt(client, 'tcpHost') ?? '', port: numberAt(client, 'tcpPort') ?? 502, ...common }
}
