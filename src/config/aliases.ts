/** What the aliases of a YAML document mean, found in one walk: the library's own look-up searches the whole document each time. */
import { visit, type Alias, type Document, type Node } from 'yaml'

/** The node of each alias: the last one before it that has the anchor (YAML 1.2.2, 3.2.2.2). */
export function aliasTargets(document: Document.Parsed): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>()
  const targets = new Map<Alias, Node>()
  visit(document, {
    Alias(_key, alias) {
      const target = anchors.get(alias.source)
      if (target !== undefined) targets.set(alias, target)
    },
    Value(_key, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node)
    },
  })
  return targets
}
