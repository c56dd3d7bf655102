/**
 * What a path of a YAML file leads to, and whether it may be edited there: a value that comes from an anchor, a merge key or a reference is
 * not silently flattened. What can be done instead is named, as choices.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, visit } from 'yaml'
import type { Document, Node, Pair, YAMLMap, YAMLSeq } from 'yaml'
import { GatewayError } from '../../core/errors.ts'
import { formatPath } from '../yaml-source.ts'
import type { Plain, YamlEdit } from './yaml-edit.ts'

/**
 * `override`: a value of its own is written here, over what a merge key or a reference says. `detach`: what stands here is no longer the
 * same as at the anchor.
 */
export type Choice = 'override' | 'detach'

/** The place of an edit. */
export interface Found {
  readonly text: string
  readonly document: Document.Parsed
  /** The container in which the last step of the path is; undefined for the whole document. */
  readonly parent: YAMLMap<Node, Node | null> | YAMLSeq<Node> | undefined
  readonly pair: Pair<Node, Node | null> | undefined
  /** The entry whose value the container is; undefined where it is an item of a list, or the whole document. */
  readonly holder: Pair<Node, Node | null> | undefined
  /** What the path leads to; undefined: nothing yet. */
  readonly node: Node | undefined
  readonly step: PropertyKey | undefined
}

/** Finds the place of an edit; throws CONFLICT, with `choices` in its details, where the value does not stand there itself. */
export function locate(document: Document.Parsed, edit: YamlEdit, text: string, file: string): Found {
  const lines = new LineCounter()
  for (let at = 0; at >= 0; at = text.indexOf('\n', at) + 1 || -1) lines.addNewLine(at)
  const lineOf = (one: Node | undefined) => lines.linePos(one?.range?.[0] ?? 0).line
  let node: Node | undefined = document.contents ?? undefined
  let parent: Found['parent']
  let pair: Found['pair']
  let holder: Found['holder']
  const refuse = (message: string, choices: readonly Choice[] = []) => {
    const line = lineOf(node ?? pair?.key ?? parent)
    return new GatewayError('CONFLICT', `${file}:${line} ${formatPath(edit.path)}: ${message}`, {
      details: { file, line, path: edit.path, choices },
    })
  }
  const { anchors, users } = anchorsOf(document)
  const placeOf = (alias: string) => `${file}:${lineOf(anchors.get(alias))}`
  const refuseShared = (one: Node | undefined) => {
    const anchor = isAlias(one) ? undefined : (one as { anchor?: string } | undefined)?.anchor
    const at = anchor === undefined ? [] : (users.get(anchor) ?? [])
    if (at.length === 0) return
    const others = at.map(lineOf).join(', ')
    throw refuse(
      `this is shared: what refers to &${anchor} in line ${others} would change too; edit the file by hand where that is meant`,
    )
  }
  refuseShared(node)
  for (const [depth, step] of edit.path.entries()) {
    const isLast = depth === edit.path.length - 1
    parent = containerOf(node)
    if (parent === undefined) throw refuse('there is nothing to change')
    holder = pair
    pair = undefined
    if (isSeq(parent)) {
      node = parent.items[Number(step)]
      if (node === undefined) throw refuse('there is no such item')
    } else {
      pair = parent.items.find(({ key }) => keyText(key) === String(step))
      const merged = pair === undefined ? mergedFrom(parent, String(step), document) : undefined
      const mayAdd = isLast && (edit.kind === 'set' || edit.kind === 'insert')
      if (merged !== undefined && !(mayAdd && edit.kind === 'set' && edit.choice === 'override')) {
        const place = `${file}:${lineOf(merged.key as Node)}`
        throw refuse(
          `this comes from a merge key (<<), from ${place}: edit it there, or give this one a value of its own`,
          mayAdd && edit.kind === 'set' ? ['override'] : [],
        )
      }
      if (pair === undefined && !mayAdd) throw refuse('there is nothing to change')
      node = pair?.value ?? undefined
    }
    if (isAlias(node)) {
      const place = `*${node.source}, which stands for what is at ${placeOf(node.source)}: edit it there`
      if (!isLast) throw refuse(`${formatPath(edit.path.slice(0, depth + 1))} is ${place}`)
      if (edit.kind === 'insert' || (edit.kind === 'set' && edit.choice !== 'detach'))
        throw refuse(`this is ${place}`, edit.kind === 'set' ? ['detach'] : [])
    }
    refuseShared(edit.kind === 'rename' && isLast ? undefined : node)
  }
  if (edit.kind === 'set' && isScalar(node) && typeof node.value === 'string') {
    const reference = referenceIn(node.value)
    if (reference !== undefined && edit.choice !== 'override' && !isReference(edit.value))
      throw refuse(`this is ${reference}, ${whereFrom(reference)}`, ['override'])
  }
  if (edit.kind === 'delete' && node !== undefined) refuseAnchorsWithin(node, users, refuse)
  if (edit.kind === 'rename' && isMap(parent) && parent.items.some(({ key }) => keyText(key) === edit.key))
    throw refuse(`there is a key "${edit.key}" already`)
  return { text, document, parent, pair, holder, node, step: edit.path.at(-1) }
}

/** A key as it counts: `1` and `"1"` are one. */
export const keyText = (key: Node | null): string => (isScalar(key) ? String(key.source ?? key.value) : String(key))

/** The first `${…}` of a text in which `$$` is a dollar sign. */
const referenceIn = (text: string): string | undefined => /^(?:[^$]|\$\$)*?(\$\{[^}]*\}?)/.exec(text)?.[1]

const isReference = (value: Plain): boolean => typeof value === 'string' && referenceIn(value) !== undefined

/** What to edit in place of a reference. */
function whereFrom(reference: string): string {
  const [, secret] = /^\$\{secret:([^}]*)\}$/.exec(reference) ?? []
  if (secret !== undefined) return `which comes from the file of the secret "${secret}": change that file`
  if (reference.startsWith('${param:'))
    return 'a parameter of the template: change it where the device gives its parameters'
  const [, name] = /^\$\{([A-Za-z_]\w*)/.exec(reference) ?? []
  return `which comes from the environment: set ${name ?? 'it'} there`
}

const containerOf = (node: Node | undefined): Found['parent'] =>
  isMap(node) || isSeq(node) ? (node as unknown as Found['parent']) : undefined

/** Where each anchor is, and the aliases that refer to it. */
function anchorsOf(document: Document.Parsed): {
  anchors: ReadonlyMap<string, Node>
  users: ReadonlyMap<string, Node[]>
} {
  const anchors = new Map<string, Node>()
  const users = new Map<string, Node[]>()
  visit(document, {
    Alias(_key, alias) {
      users.set(alias.source, [...(users.get(alias.source) ?? []), alias])
    },
    Value(_key, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node)
    },
  })
  return { anchors, users }
}

function refuseAnchorsWithin(node: Node, users: ReadonlyMap<string, Node[]>, refuse: (message: string) => Error): void {
  visit(node, {
    Value(_key, inner) {
      if (inner.anchor !== undefined && users.has(inner.anchor))
        throw refuse(`others refer to its anchor &${inner.anchor}: give them their own value first`)
    },
  })
}

/** The entry that a merge key brings in; undefined: it does not. */
function mergedFrom(map: YAMLMap, key: string, document: Document.Parsed): Pair | undefined {
  for (const item of map.items) {
    if (keyText(item.key as Node) !== '<<') continue
    const merged = isSeq(item.value) ? item.value.items : [item.value]
    for (const one of merged) {
      const target = isAlias(one) ? one.resolve(document) : one
      if (!isMap(target)) continue
      const found = target.items.find((inner) => keyText(inner.key as Node) === key)
      const from = found ?? mergedFrom(target, key, document)
      if (from !== undefined) return from
    }
  }
  return undefined
}
