/** The keyboard of a tree as WAI-ARIA has it: arrows, Home, End, Enter, and typing goes to a name. */
import type { Row, TopicTree } from './tree.ts'

const TYPED_MS = 700

/** Where a key leads: the index of the row to go to; undefined: it stays. `handled`: the key meant something here. */
export interface Step {
  readonly to?: number
  readonly handled: boolean
}

export class TreeKeys {
  #typed = ''
  #typedAt = 0

  /** `choose`: what Enter does. */
  step(key: string, rows: readonly Row[], at: number, tree: TopicTree, choose: (row: Row) => void, now: number): Step {
    const row = rows[at]
    const last = rows.length - 1
    if (key.length > 1) this.#typed = ''
    const go = (to: number): Step => ({ to: Math.max(0, Math.min(last, to)), handled: true })
    switch (key) {
      case 'ArrowDown':
        return go(at + 1)
      case 'ArrowUp':
        return go(at - 1)
      case 'PageDown':
        return go(at + 10)
      case 'PageUp':
        return go(at - 10)
      case 'Home':
        return go(0)
      case 'End':
        return go(last)
      case 'ArrowRight':
        return this.#right(rows, at, tree)
      case 'ArrowLeft':
        return this.#left(rows, at, tree)
      case 'Enter':
      case ' ':
        if (row !== undefined) choose(row)
        return { handled: row !== undefined }
    }
    return key.length === 1 ? this.#type(key, rows, at, now) : { handled: false }
  }

  /** Opens; goes to the first child of what is open. */
  #right(rows: readonly Row[], at: number, tree: TopicTree): Step {
    const row = rows[at]
    if (row?.kind !== 'node' || row.node.children === 0) return { handled: true }
    if (row.isOpen) return { to: Math.min(rows.length - 1, at + 1), handled: true }
    tree.open(row.node.path)
    return { handled: true }
  }

  /** Closes; goes to the parent of what is closed. */
  #left(rows: readonly Row[], at: number, tree: TopicTree): Step {
    const row = rows[at]
    if (row?.kind === 'node' && row.isOpen) {
      tree.close(row.node.path)
      return { handled: true }
    }
    const parent = rows.findIndex((one) => one.kind === 'node' && one.node.path === row?.parent)
    return parent < 0 ? { handled: true } : { to: parent, handled: true }
  }

  #type(key: string, rows: readonly Row[], at: number, now: number): Step {
    if (now - this.#typedAt > TYPED_MS) this.#typed = ''
    this.#typed += key.toLowerCase()
    this.#typedAt = now
    // The first letter goes on to the next; further ones narrow down where it is.
    const begin = this.#typed.length === 1 ? at + 1 : at
    for (let i = 0; i < rows.length; i++) {
      const index = (begin + i) % rows.length
      const row = rows[index]!
      if (row.kind === 'node' && row.node.segment.toLowerCase().startsWith(this.#typed))
        return { to: index, handled: true }
    }
    return { handled: true }
  }
}
