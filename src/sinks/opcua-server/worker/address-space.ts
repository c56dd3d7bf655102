/**
 * The address space: Objects / Devices / device / folders / variable. Values do not go through node-opcua's setters but become the
 * variable's DataValue at once, with one event where somebody monitors it: what is checked there was checked before.
 */
import type { TagId } from '../../../core/value.ts'
import { AccessLevelFlag, DataType, Variant, VariantArrayType, type DataValue } from 'node-opcua-client'
import type { OPCUAServer } from 'node-opcua-server'
import { SampleBatch } from '../../../core/batch.ts'
import { Status } from '../../../core/status.ts'
import { symbolOf } from '../../../core/symbols.ts'
import type { Refused, TagNode, ValueSet } from '../messages.ts'
import { folderId, placeOf, propertyId, variableId } from '../node-names.ts'
import type { OpcuaServerOptions } from '../options.ts'
import { rightsOf, type Access, type Rights, type Visitor } from './access.ts'
import { BUILT_IN, dataValueOf, fromVariant, toNative } from './values.ts'
import { kindOf, type Property } from './variable-kind.ts'

type Space = NonNullable<OPCUAServer['engine']['addressSpace']>
type Namespace = ReturnType<Space['registerNamespace']>
type Folder = ReturnType<Namespace['addFolder']>
type Variable = ReturnType<Namespace['addVariable']>
type NodeIdLike =
  | { readonly namespace: number; readonly value: unknown; readonly identifierType: number }
  | string
  | number
  | null
  | undefined

/** What of a variable is used for values. */
interface ValueHolder {
  $dataValue: DataValue
  listenerCount(event: string): number
  emit(event: string, dataValue: DataValue): boolean
}

export interface PlacedTag {
  readonly variable: Variable
  readonly holder: ValueHolder
  /** These two change with the settings of the tag; who monitors it keeps his item. */
  node: TagNode
  rights: Rights
}

/** The root of all devices; the nodes of tags have texts as ids. */
const ROOT = 'i=1'
/** The one description of how all variables' history is kept. */
const HISTORY = 'i=2'

export class Devices {
  readonly #space: Space
  readonly #namespace: Namespace
  readonly #options: OpcuaServerOptions
  readonly #access: Access
  readonly #root: Folder
  readonly #folders = new Map<string, Folder>()
  readonly #byTag: (PlacedTag | undefined)[] = []
  readonly #byId = new Map<string, PlacedTag>()

  constructor(space: Space, options: OpcuaServerOptions, access: Access) {
    this.#space = space
    this.#namespace = space.registerNamespace(options.namespace)
    this.#options = options
    this.#access = access
    this.#root = this.#namespace.addFolder(space.rootFolder.objects, { browseName: 'Devices', nodeId: ROOT })
  }

  /** The variable of a tag with this node id. */
  find(nodeId: NodeIdLike): PlacedTag | undefined {
    if (typeof nodeId !== 'object' || nodeId === null || nodeId.namespace !== this.#namespace.index) return undefined
    const placed = typeof nodeId.value === 'string' ? this.#byId.get(nodeId.value) : undefined
    // A Guid is text too.
    const kind: number | undefined = placed?.variable.nodeId.identifierType
    return kind === nodeId.identifierType ? placed : undefined
  }

  /** There is no node with this id. */
  isUnknown(nodeId: NodeIdLike): boolean {
    return this.#nodeAt(nodeId) === null
  }

  /** It shows something of a tag that this visitor may not see: the variable, or a property of it. */
  isHidden(nodeId: NodeIdLike, visitor: Visitor): boolean {
    const rights = this.#access.rightsOn(this.#nodeAt(nodeId))
    return rights !== undefined && !visitor.mayRead(rights)
  }

  #nodeAt(nodeId: NodeIdLike): object | null {
    return nodeId === null || nodeId === undefined ? null : this.#space.findNode(nodeId as string)
  }

  /** Adds these tags, or makes those anew that have changed. */
  define(nodes: readonly TagNode[]): void {
    for (const node of nodes) {
      const before = this.#byId.get(variableId(node.device, node.name))
      if (before !== undefined && this.#isSameVariable(before.node, node)) {
        this.#change(before, node)
        continue
      }
      if (before !== undefined) this.#remove(before)
      const placed = this.#add(node)
      if (before?.node.type === node.type) placed.holder.$dataValue = before.holder.$dataValue
    }
  }

  /** Takes out tags that are no longer there; clients that watch one are told that the node is unknown. */
  remove(tags: readonly TagId[]): void {
    for (const tag of tags) {
      const placed = this.#byTag[tag]
      if (placed !== undefined) this.#remove(placed)
    }
  }

  /** Shows these values; those that cannot be shown are named, each with the reason. */
  set({ parts, storedAt }: ValueSet): Refused {
    const rows = SampleBatch.fromParts(parts)
    const refused: [number, string][] = []
    for (let row = 0; row < rows.length; row++) {
      const placed = this.#byTag[rows.tag[row]!]
      if (placed === undefined) continue
      const reason = this.#show(placed, rows, row, storedAt?.[row] ?? rows.receivedAt)
      if (reason !== undefined) refused.push([row, reason])
    }
    return refused
  }

  #show({ node, holder }: PlacedTag, rows: SampleBatch, row: number, storedAt: number): string | undefined {
    const value = rows.lastValueAt(row)
    const native = value === undefined ? undefined : toNative(node.type, value)
    if (value !== undefined && native === undefined) return `the value is no ${DataType[BUILT_IN[node.type]]}`
    const most = this.#options.limits.stringBytes
    if (lengthOf(native) > most) return `the value is longer than ${most} bytes (limits.stringBytes)`
    const dataValue = dataValueOf(node.type, native, rows.status[row]!, rows.time[row]!, storedAt)
    holder.$dataValue = dataValue
    if (holder.listenerCount('value_changed') > 0) holder.emit('value_changed', dataValue)
    return undefined
  }

  /** All that its properties and its types are made of is the same. */
  #isSameVariable(before: TagNode, after: TagNode): boolean {
    return (['tag', 'type', 'unit', 'low', 'high', 'symbols'] as const).every((key) => before[key] === after[key])
  }

  /** Description and rights alone: the variable stays, and with it the monitored items, which would end with it. */
  #change(placed: PlacedTag, node: TagNode): void {
    const { variable } = placed
    placed.node = node
    placed.rights = rightsOf(node, this.#options)
    variable.setDescription(node.description ?? '')
    variable.accessLevel = this.#accessLevel(placed.rights)
    this.#access.guard(variable, placed.rights)
  }

  #add(node: TagNode): PlacedTag {
    const { device, name, type, tag, description } = node
    const { folders, leaf } = placeOf(name)
    const kind = kindOf(this.#space, node)
    const rights = rightsOf(node, this.#options)
    const id = variableId(device, name)
    const variable = this.#namespace.addVariable({
      organizedBy: this.#folder(device, folders),
      nodeId: `s=${id}`,
      browseName: leaf,
      typeDefinition: kind.type,
      dataType: DataType[BUILT_IN[type]],
      valueRank: -1,
      accessLevel: this.#accessLevel(rights),
      minimumSamplingInterval: 0,
      historizing: this.#options.history,
      ...(description === undefined ? {} : { description }),
    })
    const placed: PlacedTag = { node, variable, holder: variable as unknown as ValueHolder, rights }
    placed.holder.$dataValue = unread(type)
    this.#access.guard(variable, rights)
    for (const property of kind.properties) this.#addProperty(placed, id, property)
    if (kind.type === 'MultiStateValueDiscreteType') this.#addText(placed, id)
    if (this.#options.history)
      variable.addReference({ referenceType: 'HasHistoricalConfiguration', nodeId: this.#history() })
    this.#byTag[tag] = placed
    this.#byId.set(id, placed)
    return placed
  }

  #accessLevel({ writers }: Rights): number {
    const { CurrentRead, CurrentWrite, HistoryRead } = AccessLevelFlag
    return CurrentRead | (writers === 0 ? 0 : CurrentWrite) | (this.#options.history ? HistoryRead : 0)
  }

  #addProperty({ variable, rights }: PlacedTag, id: string, { name, dataType, value }: Property): void {
    const property = this.#namespace.addVariable({
      propertyOf: variable,
      nodeId: `s=${propertyId(id, name)}`,
      browseName: { name, namespaceIndex: 0 },
      typeDefinition: 'PropertyType',
      dataType,
      valueRank: value.arrayType === VariantArrayType.Array ? 1 : -1,
      accessLevel: 'CurrentRead',
      value,
    })
    this.#access.guard(property, rights)
  }

  /** The name of the present value (OPC 10000-8, 5.3.3.4), found when somebody asks for it. */
  #addText({ variable, rights, holder, node }: PlacedTag, id: string): void {
    const text = this.#namespace.addVariable({
      propertyOf: variable,
      nodeId: `s=${propertyId(id, 'ValueAsText')}`,
      browseName: { name: 'ValueAsText', namespaceIndex: 0 },
      typeDefinition: 'PropertyType',
      dataType: 'LocalizedText',
      accessLevel: 'CurrentRead',
      minimumSamplingInterval: 1000,
      value: {
        get: () => {
          const value = holder.$dataValue.value
          const number = value.dataType === DataType.Null ? undefined : fromVariant(node.type, value)
          return new Variant({
            dataType: DataType.LocalizedText,
            value: { text: symbolOf(number, node.symbols) ?? '' },
          })
        },
      },
    })
    this.#access.guard(text, rights)
  }

  #remove({ node, variable }: PlacedTag): void {
    this.#namespace.deleteNode(variable.nodeId)
    this.#byId.delete(variableId(node.device, node.name))
    this.#byTag[node.tag] = undefined
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

  /** OPC 10000-11, 5.2.2: values are what they were sampled as until the next one. */
  #history() {
    const type = this.#space.findObjectType('HistoricalDataConfigurationType')!
    const known = this.#namespace.findNode(HISTORY)
    if (known !== null) return known.nodeId
    const made = type.instantiate({
      browseName: { name: 'HA Configuration', namespaceIndex: 0 },
      nodeId: HISTORY,
      namespace: this.#namespace,
    })
    const stepped = made.getChildByName('Stepped') as Variable | null
    stepped?.setValueFromSource({ dataType: DataType.Boolean, value: true })
    return made.nodeId
  }
}

function unread(type: TagNode['type']): DataValue {
  const dataValue = dataValueOf(type, undefined, Status.BadWaitingForInitialData, 0, 0)
  dataValue.sourceTimestamp = null
  dataValue.serverTimestamp = null
  return dataValue
}

const lengthOf = (native: unknown): number =>
  typeof native === 'string' ? Buffer.byteLength(native) : Buffer.isBuffer(native) ? native.length : 0
