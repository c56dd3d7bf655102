/**
 * Which variable type suits a tag (OPC 10000-8, 5.3), and the properties that come with it: what its range, unit and symbols say.
 * A number with a range is an AnalogItem, one with a unit alone an AnalogUnit; a bool or integer with named values is a discrete.
 */
import { DataType, Variant, VariantArrayType } from 'node-opcua-client'
import type { OPCUAServer } from 'node-opcua-server'
import { namedNumbers } from '../../../core/symbols.ts'
import type { TagNode } from '../messages.ts'
import { UNECE_URI, unitIdOf } from '../units.ts'

type Space = NonNullable<OPCUAServer['engine']['addressSpace']>

/** A property of the variable; of namespace 0, as the standard defines it. */
export interface Property {
  readonly name: string
  readonly dataType: string
  readonly value: Variant
}

export interface VariableKind {
  /** Name of the variable type. */
  readonly type: string
  readonly properties: readonly Property[]
}

export function kindOf(space: Space, node: TagNode): VariableKind {
  const symbols = node.symbols === undefined ? undefined : namedNumbers(node.symbols)
  if (symbols !== undefined && node.type === 'bool') return twoState(symbols)
  if (symbols !== undefined && node.type.includes('int')) return multiState(space, symbols)
  const properties: Property[] = []
  const isNumber = node.type.includes('int') || node.type.startsWith('float')
  const hasRange = isNumber && node.low !== undefined && node.high !== undefined
  if (hasRange) properties.push(structure(space, 'EURange', 'Range', { low: node.low, high: node.high }))
  if (node.unit !== undefined) properties.push(structure(space, 'EngineeringUnits', 'EUInformation', unitOf(node.unit)))
  if (hasRange) return { type: 'AnalogItemType', properties }
  return { type: isNumber && node.unit !== undefined ? 'AnalogUnitType' : 'BaseDataVariableType', properties }
}

const unitOf = (unit: string) => ({
  namespaceUri: UNECE_URI,
  unitId: unitIdOf(unit),
  displayName: { text: unit },
  description: { text: unit },
})

function twoState(symbols: readonly (readonly [bigint, string])[]): VariableKind {
  const name = (number: bigint): string => symbols.find(([each]) => each === number)?.[1] ?? String(number)
  const text = (at: string, said: string): Property => ({
    name: at,
    dataType: 'LocalizedText',
    value: new Variant({ dataType: DataType.LocalizedText, value: { text: said } }),
  })
  return { type: 'TwoStateDiscreteType', properties: [text('TrueState', name(1n)), text('FalseState', name(0n))] }
}

function multiState(space: Space, symbols: readonly (readonly [bigint, string])[]): VariableKind {
  const type = space.findDataType('EnumValueType')!
  const values = symbols.map(([number, name]) =>
    space.constructExtensionObject(type, {
      value: [Number(BigInt.asUintN(64, number) >> 32n), Number(BigInt.asUintN(32, number))],
      displayName: { text: name },
      description: { text: '' },
    }),
  )
  const value = new Variant({ dataType: DataType.ExtensionObject, arrayType: VariantArrayType.Array, value: values })
  return { type: 'MultiStateValueDiscreteType', properties: [{ name: 'EnumValues', dataType: 'EnumValueType', value }] }
}

function structure(space: Space, name: string, dataType: string, fields: Record<string, unknown>): Property {
  const value = space.constructExtensionObject(space.findDataType(dataType)!, fields)
  return { name, dataType, value: new Variant({ dataType: DataType.ExtensionObject, value }) }
}
