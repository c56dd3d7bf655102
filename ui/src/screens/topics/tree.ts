/**
 * The tree of topics as far as somebody has opened it: levels come page by page when they are needed, and those in sight are asked for
 * again. A plain store, so that 100,000 topics cost a list of rows and no component each.
 */
import { ProblemError } from '../../api/client.ts'
import type { Operations } from '../../api/operations.ts'

export type TreeAnswer = Operations['GET /api/v1/topics']['answer']
export type TopicNode = TreeAnswer['nodes'][number]

export interface TreeQuestion {
  readonly prefix: string
  readonly limit: number
  readonly cursor: string | undefined
}

export type AskTree = (question: TreeQuestion, signal: AbortSignal) => Promise<TreeAnswer>

export type Row =
  | {
      readonly kind: 'node'
      readonly node: TopicNode
      readonly depth: number
      readonly isOpen: boolean
      /** Of its level: place, and how many there are; -1: not known yet. */
      readonly position: number
      readonly size: number
      readonly parent: string
    }
  | {
      readonly kind: 'more' | 'loading' | 'failed'
      readonly depth: number
      readonly parent: string
      readonly error?: Error
    }

interface Page {
  readonly cursor: string | undefined
  readonly nodes: readonly TopicNode[]
}

interface Level {
  readonly pages: Page[]
  next: string | undefined
  busy: boolean
  error: Error | undefined
}

/** First pages are small, so that something is there at once; then they are longer. */
const FIRST = 100
const LATER = 200

export class TopicTree {
  readonly #ask: AskTree
  readonly #levels = new Map<string, Level>()
  readonly #open = new Set<string>()
  readonly #listeners = new Set<() => void>()
  #stop = new AbortController()
  #rows: readonly Row[] | undefined
  #head: TreeAnswer | undefined

  constructor(ask: AskTree) {
    this.#ask = ask
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What was said of the sink with the last answer. */
  readonly head = (): TreeAnswer | undefined => this.#head

  /** What is to be seen, top to bottom; the same list until something changes. */
  readonly rows = (): readonly Row[] => (this.#rows ??= [...this.#rowsOf('', 0)])

  /** Why the first level is not there. */
  readonly error = (): Error | undefined => this.#levels.get('')?.error

  start(): void {
    if (this.#stop.signal.aborted) this.#stop = new AbortController()
    void this.#more('')
  }

  stop(): void {
    this.#stop.abort()
  }

  isOpen(path: string): boolean {
    return this.#open.has(path)
  }

  open(path: string): void {
    if (this.#open.has(path)) return
    this.#open.add(path)
    if (this.#levels.has(path)) this.#changed()
    else void this.#more(path)
  }

  close(path: string): void {
    if (this.#open.delete(path)) this.#changed()
  }

  /** The next page of a level; again where the last try failed. */
  more(path: string): void {
    const level = this.#levels.get(path)
    if (level === undefined || level.next !== undefined || level.error !== undefined) void this.#more(path)
  }

  /** What failed is tried again: the gateway is back. */
  again(): void {
    for (const [path, { error }] of this.#levels) if (error !== undefined) void this.#more(path)
  }

  /** Asks again for the pages that hold these nodes. */
  async refresh(paths: ReadonlySet<string>): Promise<void> {
    for (const [prefix, level] of this.#levels) {
      if (level.busy) continue
      let hasMoved = false
      for (const [index, page] of level.pages.entries()) {
        // A page that is empty has nothing that could be in sight; of an empty tree it is all there is.
        const isEmptyTree = prefix === '' && page.nodes.length === 0
        if (!hasMoved && !isEmptyTree && !page.nodes.some(({ path }) => paths.has(path))) continue
        const limit = index === 0 ? FIRST : LATER
        try {
          const answer = await this.#ask({ prefix, limit, cursor: page.cursor }, this.#stop.signal)
          this.#head = answer
          level.error = undefined
          hasMoved = put(level, index, { cursor: page.cursor, nodes: answer.nodes }, answer.next ?? undefined)
        } catch (error) {
          // What is shown stays; that the gateway does not answer is said at the top of the page, what it refuses here.
          if (this.#stop.signal.aborted || !(error instanceof ProblemError)) return
          level.error = error
          return this.#changed()
        }
      }
    }
    if (!this.#stop.signal.aborted) this.#changed()
  }

  async #more(path: string): Promise<void> {
    const level = this.#levels.get(path) ?? { pages: [], next: undefined, busy: false, error: undefined }
    this.#levels.set(path, level)
    if (level.busy) return
    const { signal } = this.#stop
    Object.assign(level, { busy: true, error: undefined })
    this.#changed()
    try {
      const limit = level.pages.length === 0 ? FIRST : LATER
      const cursor = level.next
      const answer = await this.#ask({ prefix: path, limit, cursor }, signal)
      this.#head = answer
      level.pages.push({ cursor, nodes: answer.nodes })
      level.next = answer.next ?? undefined
    } catch (error) {
      if (!signal.aborted) level.error = error as Error
    }
    level.busy = false
    this.#changed()
  }

  *#rowsOf(prefix: string, depth: number): Generator<Row> {
    const level = this.#levels.get(prefix)
    if (level === undefined) return
    const { pages, next, busy, error } = level
    const known = pages.reduce((sum, { nodes }) => sum + nodes.length, 0)
    const size = next === undefined && !busy && error === undefined ? known : -1
    let position = 0
    for (const { nodes } of pages)
      for (const node of nodes) {
        const isOpen = this.#open.has(node.path)
        yield { kind: 'node', node, depth, isOpen, position: ++position, size, parent: prefix }
        if (isOpen) yield* this.#rowsOf(node.path, depth + 1)
      }
    if (error !== undefined) yield { kind: 'failed', depth, parent: prefix, error }
    else if (busy) yield { kind: 'loading', depth, parent: prefix }
    else if (next !== undefined) yield { kind: 'more', depth, parent: prefix }
  }

  #changed(): void {
    this.#rows = undefined
    for (const listener of this.#listeners) listener()
  }
}

/**
 * Where a level has changed, the page behind this one begins where this one ends now, and behind the last one there is none. True: the page
 * behind has to be asked for too.
 */
function put(level: Level, index: number, page: Page, next: string | undefined): boolean {
  const { pages } = level
  const behind = pages[index + 1]
  pages[index] = page
  if (next === undefined) pages.length = index + 1
  if (index === pages.length - 1) level.next = next
  if (next === undefined || behind === undefined || behind.cursor === next) return false
  pages[index + 1] = { cursor: next, nodes: behind.nodes }
  return true
}

/** The nodes above a topic, the first level first: `a`, `a/b` of `a/b/c`. */
export function pathsAbove(topic: string, separator: string | null): string[] {
  if (separator === null) return []
  const parts = topic.split(separator)
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join(separator))
}
