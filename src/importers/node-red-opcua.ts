/** Nodes of node-red-contrib-opcua and -opcua-iiot: an item is a tag; the client that it is wired to says which server. */
import type { DeviceHarvest, Harvest } from './harvest.ts'
import type { FlowNode } from './node-red-modbus.ts'
import { opcuaSecurity, opcuaType, UNKNOWN_TYPE } from './opcua-words.ts'
import { get, listOf, textAt, type Json } from './source-text.ts'

const ENDPOINT = /^(OpcUa-Endpoint|OPCUA-IIoT-Connector)$/
const ITEM = /^(OpcUa-Item|OPCUA-IIoT-Node)$/
const CLIENT = /^(OpcUa-Client|OPCUA-IIoT-(Read|Listener))$/
/** Wires may go in circles and far; an item stands before its client. */
const FARTHEST = 1000

export class NodeRedOpcua {
  readonly #byId: ReadonlyMap<string, FlowNode>
  readonly #harvest: Harvest
  readonly #devices = new Map<string, DeviceHarvest>()

  constructor(byId: ReadonlyMap<string, FlowNode>, harvest: Harvest) {
    this.#byId = byId
    this.#harvest = harvest
  }

  read(node: Json, place: string): void {
    const type = textAt(node, 'type') ?? ''
    if (ENDPOINT.test(type) || CLIENT.test(type)) return
    const address = textAt(node, 'item') ?? textAt(node, 'nodeId') ?? ''
    const name = textAt(node, 'name') || address.replace(/^.*;[isgb]=/, '')
    if (!ITEM.test(type) || address === '')
      return this.#harvest.leave(
        place,
        `${type} "${name}"`,
        'it names no node to read',
        'Write its nodes as tags by hand.',
      )
    const endpoint = this.#endpointOf(node)
    if (endpoint === undefined)
      return this.#harvest.leave(place, `"${name}" (${address})`, 'it is wired to no client with an endpoint in the file', 'Export the flow with its configuration nodes.') // prettier-ignore
    const device = this.#device(endpoint)
    const known = opcuaType(textAt(node, 'datatype') ?? '')
    if (known === undefined) this.#harvest.change(place, `"${device.name}/${name}": ${UNKNOWN_TYPE}`)
    device.add({ name, address, type: known ?? 'float64', place })
  }

  /** Along the wires to the nearest client; where the file has one endpoint alone, that. */
  #endpointOf(item: Json): FlowNode | undefined {
    const own = this.#byId.get(textAt(item, 'connector') ?? '')
    if (own !== undefined) return own
    const [seen, queue] = [new Set<string>(), [item]]
    while (queue.length > 0 && seen.size < FARTHEST) {
      const node = queue.shift()!
      if (CLIENT.test(textAt(node, 'type') ?? '')) {
        const found = this.#byId.get(textAt(node, 'endpoint') ?? textAt(node, 'connector') ?? '')
        if (found !== undefined) return found
      }
      for (const id of listOf(get(node, 'wires')).flatMap(listOf)) {
        const next = typeof id === 'string' && !seen.has(id) ? this.#byId.get(id) : undefined
        if (next === undefined) continue
        seen.add(String(id))
        queue.push(next.node)
      }
    }
    const all = [...this.#byId.values()].filter(({ node }) => ENDPOINT.test(textAt(node, 'type') ?? ''))
    return all.length === 1 ? all[0] : undefined
  }

  #device({ node, place }: FlowNode): DeviceHarvest {
    const id = textAt(node, 'id') ?? place
    const known = this.#devices.get(id)
    if (known !== undefined) return known
    const url = textAt(node, 'endpoint') ?? textAt(node, 'discoveryUrl') ?? ''
    const security = opcuaSecurity({ policy: textAt(node, 'secpol') ?? textAt(node, 'securityPolicy'), mode: textAt(node, 'secmode') ?? textAt(node, 'securityMode') }, place, this.#harvest) // prettier-ignore
    const name = textAt(node, 'name') || url.replace(/^opc\.tcp:\/\//, '').replace(/[/:]+/g, '-')
    const made = this.#harvest.device({ name, driver: 'opcua', options: { endpoint: url, ...security }, place })
    if (get(node, 'login') === true || get(node, 'loginEnabled') === true)
      this.#harvest.leave(place, 'user name and password', 'secrets are not in a flows file', `Add user: { name: …, passwordFile: … } to the device "${made.name}".`) // prettier-ignore
    this.#devices.set(id, made)
    return made
  }
}
