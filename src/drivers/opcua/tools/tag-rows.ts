/** Tags out of nodes: one a readable variable, one a member where it is an array or a structure. */
import type { ProposedTag } from '../../../core/device-entry.ts'
import { symbolsFault } from '../../../core/symbols.ts'
import type { DataType } from '../../../core/value.ts'
import type { BrowsedNode, VariableFacts } from '../browsed.ts'
import { distinct, nameOf, partsOf, type NamingRules } from './tag-names.ts'

export interface TagRules extends NamingRules {
  /** Arrays and structures as their members, as one text with JSON, or not at all. */
  readonly composites: 'members' | 'whole' | 'skip'
  /** Say of tags that may be written that they are. */
  readonly writable: boolean
  /** Variables that describe others (units, ranges) too. */
  readonly properties: boolean
}

export interface TagRows {
  readonly tags: readonly ProposedTag[]
  /** What is no tag, or not as one would think, in words. */
  readonly notes: readonly string[]
}

const MOST_NOTES = 50

/** A variable as a tag may be made of it. */
export const isWanted = ({ variable, isProperty }: BrowsedNode, properties: boolean): boolean =>
  variable?.readable === true && (properties || isProperty !== true)

/** `nodes`: all of the walk, for their names; `most`: no more tags than these. */
export function toTagRows(nodes: readonly BrowsedNode[], rules: TagRules, most: number): TagRows {
  const byIndex = new Map(nodes.map((node) => [node.index, node]))
  const drafts: ProposedTag[] = []
  const notes: string[] = []
  let unreadable = 0
  for (const node of nodes) {
    if (node.variable?.readable === false && (rules.properties || node.isProperty !== true)) unreadable++
    if (!isWanted(node, rules.properties)) continue
    const parts = partsOf(node, byIndex, rules)
    for (const { member, type, symbols } of membersOf(node.variable!, rules)) {
      const address = member === '' ? node.node : `${node.node} :: ${member}`
      drafts.push({ name: nameOf(parts, member, rules), address, type, ...about(node, member, symbols, rules) })
    }
    const { noMembers } = node.variable!
    if (noMembers !== undefined && rules.composites === 'members')
      notes.push(`${node.node} is one tag with JSON: ${noMembers}`)
  }
  const tags = drafts.slice(0, most)
  const { names, clashes } = distinct(tags)
  const told =
    notes.length > MOST_NOTES ? [...notes.slice(0, MOST_NOTES), `and ${notes.length - MOST_NOTES} more`] : notes
  return {
    tags: tags.map((tag, at) => ({ ...tag, name: names[at]! })),
    notes: [
      ...(unreadable === 0 ? [] : [`${unreadable} variables may not be read by us and are left out`]),
      ...(clashes === 0
        ? []
        : [`${clashes} names came twice or were too long: they end in ~ and a part of a hash of their address`]),
      ...(tags.length === drafts.length
        ? []
        : [`${drafts.length} tags were found, ${tags.length} are given: raise --most`]),
      ...told,
    ],
  }
}

interface Member {
  readonly member: string
  readonly type: DataType
  readonly symbols: string | undefined
}

function membersOf(variable: VariableFacts, { composites }: TagRules): Member[] {
  const { tagType, members, symbols, valueRank, isStructure } = variable
  const isComposite = valueRank >= 1 || isStructure === true
  if (!isComposite) return [{ member: '', type: tagType, symbols }]
  if (composites === 'skip') return []
  if (composites === 'whole' || members === undefined) return [{ member: '', type: 'string', symbols: undefined }]
  return members.map((one) => ({ member: one.member, type: one.tagType, symbols: one.symbols }))
}

function about(
  { description, displayName, browseName, variable }: BrowsedNode,
  member: string,
  symbols: string | undefined,
  { writable }: TagRules,
): Omit<ProposedTag, 'name' | 'address' | 'type'> {
  const { unit, low, high, writable: may, isStructure } = variable!
  // Unit and range are of the value itself or of all elements, not of the fields of a structure.
  const analog =
    isStructure === true ? {} : { ...(unit === undefined ? {} : { unit }), ...(low === undefined ? {} : { low, high }) }
  const text = description ?? (displayName === browseName ? undefined : displayName)
  const isTwoFold = member !== '' && !member.startsWith('[')
  return {
    ...analog,
    ...(writable && may && !isTwoFold ? { writable: true } : {}),
    ...(text === undefined ? {} : { description: text.replace(/\s+/g, ' ').trim() }),
    ...(symbols === undefined || symbolsFault(symbols) !== undefined ? {} : { symbols }),
  }
}
