/**
 * The address space: Objects / Devices / device / folders / variable. Values do not go through node-opcua's setters but become the
 * variable's DataValue at once, with one event where somebody monitors it: what is checked there was checked before.
 */
import { AccessLevelFlag, DataType, type DataValue } from 'node-opcua-client'
import type { OPCUAServer } from 'node-opcua-server'
import { Status } from '../../../core/status.ts'
import { SampleBatch } from '../../../core/batch.ts'
import type { TagId } from '../../../core/value.ts'
import type { Refused, TagNode, ValueSet } from '../messages.ts'
import { folderId, placeOf, variableId } from '../node-names.ts'
import { BUILT_IN, dataValueOf, toNative } from './values.ts'

type Space = NonNullable<OPCUAServer['engine']['addressSpace']>
type Namespace = ReturnType<Space['registerNamespace']>
type Folder = ReturnType<Namespace['addFolder']>

/** What of a variable is used for values. */
interface ValueHolder {
  $dataValue: DataValue
  listenerCount(event: string): number
  emit(event: string, dataValue: DataValue): boolean
}

export interface PlacedTag {
  readonly node: TagNode
  readonly variable: ReturnType<Namespace['addVariable']>
}

const ROOT = 'i=1'

export class Devices {
  readonly #namespace: Namespace
  readonly #root: Folder
  readonly #folders = new Map<string, Folder>()
  readonly #tags: (PlacedTag | undefined)[] = []
  readonly #maxBytes: number

  constructor(space: Space, namespace: Namespace, maxBytes: number) {
    this.#namespace = namespace
    this.#maxBytes = maxBytes
    this.#root = namespace.addFolder(space.rootFolder.objects, { browseName: 'Devices', nodeId: ROOT })
  }

  /** Adds these tags, or makes those anew that have changed. */
  define(nodes: readonly TagNode[]): void {
    for (const node of nodes) this.#add(node)
  }

  /** Shows these values; those that cannot be shown are named, each with the reason. */
  set({ parts, storedAt }: ValueSet): Refused {
    const rows = SampleBatch.fromParts(parts)
    const refused: [number, string][] = []
    for (let row = 0; row < rows.length; row++) {
      const placed = this.#tags[rows.tag[row]!]
      if (placed === undefined) continue
      const reason = this.#show(placed, rows, row, storedAt?.[row] ?? rows.receivedAt)
      if (reason !== undefined) refused.push([row, reason])
    }
    return refused
  }

  #show({ node, variable }: PlacedTag, rows: SampleBatch, row: number, storedAt: number): string | undefined {
    const value = rows.lastValueAt(row)
    const native = value === undefined ? undefined : toNative(node.type, value)
    if (value !== undefined && native === undefined) return `the value is no ${DataType[BUILT_IN[node.type]]}`
    if (typeof native === 'string' ? Buffer.byteLength(native) > this.#maxBytes : Buffer.isBuffer(native) && native.length > this.#maxBytes)
      return `the value is longer than limits.stringBytes (${this.#maxBytes})`
    const holder = variable as unknown as ValueHolder
    const dataValue = dataValueOf(node.type, native, rows.status[row]!, rows.time[row]!, storedAt)
    holder.$dataValue = dataValue
    if (holder.listenerCount('value_changed') > 0) holder.emit('value_changed', dataValue)
    return undefined
  }

  #add(node: TagNode): void {
    const { device, name, type, tag } = node
    const { folders, leaf } = placeOf(name)
    const variable = this.#namespace.addVariable({
      organizedBy: this.#folder(device, folders),
      nodeId: `s=${variableId(device, name)}`,
      browseName: leaf,
      dataType: DataType[BUILT_IN[type]],
      accessLevel: AccessLevelFlag.CurrentRead,
      userAccessLevel: AccessLevelFlag.CurrentRead,
      minimumSamplingInterval: 0,
      ...(node.description === undefined ? {} : { description: node.description }),
    })
    const holder = variable as unknown as ValueHolder
    holder.$dataValue = dataValueOf(type, undefined, Status.BadWaitingForInitialData, 0, 0)
    holder.$dataValue.sourceTimestamp = null
    holder.$dataValue.serverTimestamp = null
    this.#tags[tag] = { node, variable }
  }

  #folder(device: string, folders: readonly string[]): Folder {
    const id = folderId(device, folders)
    const known = this.#folders.get(id)
    if (known !== undefined) return known
    const parent = folders.length === 0 ? this.#root : this.#folder(device, folders.slice(0, -1))
    const folder = this.#namespace.addFolder(parent, { browseName: folders.at(-1) ?? device, nodeId: `s=${id}` })
    this.#folders.set(id, folder)
    return folder
  }
}
