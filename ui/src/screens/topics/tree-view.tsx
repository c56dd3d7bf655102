/** The tree of topics: only rows in sight exist, and only they are asked for again. */
import { onlineManager } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useId, useRef, useState, useSyncExternalStore, type KeyboardEvent } from 'react'
import { topicStrings } from '../../strings/topics.ts'
import { pathsAbove, type Row, type TopicTree } from './tree.ts'
import { TreeKeys } from './tree-keys.ts'
import { TreeRow } from './tree-row.tsx'

const strings = topicStrings.tree
const ROW_PX = 28
const REFRESH_MS = 2000

interface Props {
  readonly tree: TopicTree
  /** What is chosen; empty: nothing. */
  readonly topic: string
  onChoose(topic: string): void
}

export function TreeView({ tree, topic, onChoose }: Props) {
  const rows = useSyncExternalStore(tree.subscribe, tree.rows)
  const head = useSyncExternalStore(tree.subscribe, tree.head)
  const scroller = useRef<HTMLDivElement>(null)
  const keys = useRef(new TreeKeys())
  const [at, setAt] = useState(0)
  const id = useId()
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => keyOf(rows[index]!),
    overscan: 10,
  })
  const items = virtual.getVirtualItems()
  const inSight = items.map(({ index }) => rows[index]!)
  useRefresh(tree, inSight)
  useMore(tree, inSight)
  useReveal(tree, topic, head?.separator, rows, (index) => {
    setAt(index)
    virtual.scrollToIndex(index, { align: 'center' })
  })
  const active = Math.min(at, rows.length - 1)
  const choose = (row: Row) => {
    if (row.kind !== 'node') return tree.more(row.parent)
    if (row.node.leaf !== null) onChoose(row.node.path)
    else if (row.isOpen) tree.close(row.node.path)
    else tree.open(row.node.path)
  }
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const { to, handled } = keys.current.step(event.key, rows, active, tree, choose, performance.now())
    if (handled) event.preventDefault()
    if (to === undefined) return
    setAt(to)
    virtual.scrollToIndex(to)
  }
  return (
    <>
      {head !== undefined && rows.length === 0 && <p className="quiet">{strings.empty}</p>}
      <div
        ref={scroller}
        role="tree"
        tabIndex={0}
        className="topic-tree"
        aria-label={strings.label(head?.sink ?? '')}
        aria-description={topicStrings.tree.help}
        aria-activedescendant={items.some(({ index }) => index === active) ? `${id}-${active}` : undefined}
        onKeyDown={onKey}
      >
        <div role="none" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {items.map(({ index, key, start }) => {
            const row = rows[index]!
            return (
              <TreeRow
                key={key}
                id={`${id}-${index}`}
                row={row}
                top={start}
                height={ROW_PX}
                isActive={index === active}
                isChosen={row.kind === 'node' && row.node.path === topic}
                onPress={() => {
                  setAt(index)
                  choose(row)
                }}
                onTwist={() => {
                  if (row.kind !== 'node') return
                  setAt(index)
                  if (row.isOpen) tree.close(row.node.path)
                  else tree.open(row.node.path)
                }}
              />
            )
          })}
        </div>
      </div>
      <p className="quiet topic-help">{strings.help}</p>
    </>
  )
}

const keyOf = (row: Row): string => (row.kind === 'node' ? `n ${row.node.path}` : `${row.kind} ${row.parent}`)

/** What is in sight is asked for again every now and then, while somebody looks. */
function useRefresh(tree: TopicTree, inSight: readonly Row[]): void {
  const seen = useRef(inSight)
  useEffect(() => {
    seen.current = inSight
  })
  useEffect(() => {
    let busy = false
    const refresh = async () => {
      busy = true
      await tree.refresh(new Set(seen.current.flatMap((row) => (row.kind === 'node' ? [row.node.path] : []))))
      busy = false
    }
    const timer = setInterval(() => {
      // Nobody is asked while nobody is signed in.
      if (!busy && !document.hidden && onlineManager.isOnline()) void refresh()
    }, REFRESH_MS)
    return () => clearInterval(timer)
  }, [tree])
}

/** The end of a page in sight brings the next one. */
function useMore(tree: TopicTree, inSight: readonly Row[]): void {
  const ends = inSight.flatMap((row) => (row.kind === 'more' ? [row.parent] : []))
  const wanted = ends.join('\n')
  useEffect(() => {
    for (const parent of ends) tree.more(parent)
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [tree, wanted])
}

/** Opens what is above the topic of the address, and shows it, once. */
function useReveal(
  tree: TopicTree,
  topic: string,
  separator: string | null | undefined,
  rows: readonly Row[],
  show: (index: number) => void,
): void {
  const done = useRef(topic === '')
  useEffect(() => {
    if (done.current || separator === undefined) return
    for (const path of pathsAbove(topic, separator)) tree.open(path)
    const index = rows.findIndex((row) => row.kind === 'node' && row.node.path === topic)
    if (index < 0) return
    done.current = true
    show(index)
  })
}
