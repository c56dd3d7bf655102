/**
 * Node-RED: a flows file with nodes of node-red-contrib-modbus (modbus-client, modbus-read, modbus-getter), node-red-contrib-opcua
 * (OpcUa-Endpoint, OpcUa-Item, OpcUa-Client) and node-red-contrib-opcua-iiot. What stands in functions and messages cannot be read.
 */
import { Harvest } from './harvest.ts'
import type { Importer } from './importer.ts'
import { NodeRedModbus } from './node-red-modbus.ts'
import { NodeRedOpcua } from './node-red-opcua.ts'
import { beginningOf, get, isObject, jsonOf, refuse, textAt, type Json } from './source-text.ts'

export const nodeRed: Importer = {
  name: 'node-red',
  summary: 'Node-RED: a flows file with nodes of node-red-contrib-modbus, -opcua and -opcua-iiot',
  looksLike: (file) => /^[\s\uFEFF]*[[{]/.test(beginningOf(file)) && /"(wires|z)"\s*:/.test(beginningOf(file)),
  read(file) {
    const document = jsonOf(file)
    const flows = Array.isArray(document) ? document : get(document, 'flows')
    if (!Array.isArray(flows) || !flows.some((node) => textAt(node, 'type') !== undefined))
      throw refuse(file, 'it is not a list of nodes, so that it is no flows file of Node-RED')
    const harvest = new Harvest()
    const nodes = flows.flatMap((node: unknown, at) => (isObject(node) ? [{ node, place: placeOf(node, at) }] : []))
    const byId = new Map(nodes.map((one) => [textAt(one.node, 'id') ?? '', one]))
    const modbus = new NodeRedModbus(byId, harvest)
    const opcua = new NodeRedOpcua(byId, harvest)
    for (const { node, place } of nodes) {
      const type = textAt(node, 'type') ?? ''
      const flow = byId.get(textAt(node, 'z') ?? '')?.node
      const isOff = get(node, 'd') === true || get(flow, 'disabled') === true
      if (!/^(modbus|opcua)/i.test(type)) continue
      if (isOff)
        harvest.leave(place, `${type} "${textAt(node, 'name') ?? ''}"`, 'it is disabled', 'Enable it there, or write it by hand.') // prettier-ignore
      else if (/^modbus/i.test(type)) modbus.read(node, place)
      else opcua.read(node, place)
    }
    if (!nodes.some(({ node }) => /^(modbus|opcua)/i.test(textAt(node, 'type') ?? '')))
      throw refuse(file, 'it has no node of node-red-contrib-modbus or -opcua')
    return harvest.done()
  },
}

const placeOf = (node: Json, at: number): string => `[${at}] ${textAt(node, 'id') ?? ''}`.trim()
