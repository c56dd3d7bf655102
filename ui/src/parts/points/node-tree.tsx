/**
 * The address space of a device as a tree that is fetched as it is opened, or what a search finds in it. Single variables are selected, or
 * everything below a node; what is selected becomes tags. Keyboard as of a tree: arrows, Home, End, Space selects.
 */
import { Button, TextInput } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { formatCount } from '../../format.ts'
import { partStrings } from '../../strings/parts.ts'
import { pointStrings } from '../../strings/points.ts'
import { Elapsed } from '../elapsed.tsx'
import { ProblemNote } from '../problem-note.tsx'
import { NodeFacts } from './node-facts.tsx'
import './points.css'
import { toTagRow, type TagRow } from './tag-rows.ts'
import type { ToolRunner } from './tool-runner.ts'
import { linesOf, ROOT, useTree, type BrowsedNode, type Line } from './tree-state.ts'
import { useWork } from './use-work.ts'

const strings = pointStrings.tree
const ROW_PX = 28

interface Props {
  readonly runner: ToolRunner
  /** Whether the device can be asked now; when it can again, what failed is asked again. */
  readonly connected?: boolean
  onAdd(rows: readonly TagRow[]): void
}

interface Found {
  readonly nodes: readonly BrowsedNode[]
  readonly looked: number
  readonly next: number | null
}

export function NodeTree({ runner, connected = true, onAdd }: Props) {
  const { branches, open, fetchBranch, setNodeOpen } = useTree(runner)
  const [selected, setSelected] = useState<ReadonlyMap<string, BrowsedNode>>(new Map())
  const [shown, setShown] = useState<BrowsedNode>()
  const [pattern, setPattern] = useState('')
  const [found, setFound] = useState<Found>()
  const search = useWork<Found>()
  const adding = useWork<readonly TagRow[]>()
  const gone = useRef<AbortController>(undefined)
  useEffect(() => {
    const own = (gone.current = new AbortController())
    return () => own.abort()
  }, [])
  useEffect(() => {
    if (connected) void fetchBranch(ROOT, gone.current!.signal)
  }, [fetchBranch, connected])
  const lines = useMemo(
    () =>
      found === undefined
        ? linesOf(branches, open)
        : found.nodes.map((node) => ({ key: node.node, level: 0, node, branch: undefined, parent: ROOT })),
    [branches, open, found],
  )
  const toggleOpen = (node: string, on: boolean) => {
    setNodeOpen(node, on)
    if (on) void fetchBranch(node, gone.current!.signal)
  }
  const toggle = (node: BrowsedNode) => {
    const next = new Map(selected)
    if (!next.delete(node.node)) next.set(node.node, node)
    setSelected(next)
  }
  const look = async (resume?: number) => {
    const input = resume === undefined ? { pattern: pattern.trim() } : { resume }
    const more = await search.run(async (signal) => (await runner('search', input, signal)) as Found)
    if (more !== undefined)
      setFound((before) => ({
        ...more,
        nodes: resume === undefined ? more.nodes : [...(before?.nodes ?? []), ...more.nodes],
      }))
  }
  const add = async () => {
    const rows = await adding.run((signal) => rowsOf([...selected.values()], runner, signal))
    if (rows === undefined) return
    onAdd(rows)
    setSelected(new Map())
  }
  return (
    <>
      <form
        className="point-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (pattern.trim() === '') setFound(undefined)
          else void look()
        }}
      >
        <TextInput
          size="xs"
          className="filter"
          label={strings.search}
          value={pattern}
          onChange={(event) => setPattern(event.currentTarget.value)}
        />
        <Button type="submit" size="xs" variant="default" disabled={search.busy}>
          {strings.searchButton}
        </Button>
        {found !== undefined && (
          <>
            <Button size="xs" variant="default" onClick={() => setFound(undefined)}>
              {strings.clear}
            </Button>
            <span className="quiet numbers" role="status">
              {strings.found(formatCount(found.nodes.length), formatCount(found.looked))}
            </span>
            {found.next !== null && (
              <Button size="xs" variant="default" disabled={search.busy} onClick={() => void look(found.next!)}>
                {strings.goOn}
              </Button>
            )}
          </>
        )}
      </form>
      {search.busy && <Elapsed label={pointStrings.asking} />}
      <ProblemNote error={search.error} />
      {!connected && <Elapsed label={strings.notConnected} />}
      <TreeLines
        lines={lines}
        open={open}
        selected={selected}
        flat={found !== undefined}
        onOpen={toggleOpen}
        onToggle={toggle}
        onShow={setShown}
        onRetry={(node) => void fetchBranch(node, gone.current!.signal)}
      />
      <div className="point-form">
        <Button size="xs" disabled={selected.size === 0 || adding.busy} onClick={() => void add()}>
          {pointStrings.addTags(selected.size)}
        </Button>
        {adding.busy && <Elapsed label={strings.looking} />}
      </div>
      <ProblemNote error={adding.error} />
      {shown !== undefined && <NodeFacts key={shown.node} node={shown} runner={runner} />}
    </>
  )
}

interface LinesProps {
  readonly lines: readonly Line[]
  readonly open: ReadonlySet<string>
  readonly selected: ReadonlyMap<string, BrowsedNode>
  readonly flat: boolean
  onOpen(node: string, on: boolean): void
  onToggle(node: BrowsedNode): void
  onShow(node: BrowsedNode): void
  onRetry(node: string): void
}

function TreeLines({ lines, open, selected, flat, onOpen, onToggle, onShow, onRetry }: LinesProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const [focused, setFocused] = useState(0)
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => lines[index]!.key,
    overscan: 10,
  })
  const move = (to: number) => {
    const next = Math.max(0, Math.min(lines.length - 1, to))
    setFocused(next)
    virtual.scrollToIndex(next)
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${next}"]`)?.focus())
  }
  const onKey = (event: KeyboardEvent<HTMLElement>, index: number, { node, level }: Line) => {
    if (event.target !== event.currentTarget) return
    const isOpen = node !== undefined && open.has(node.node)
    const steps: Record<string, () => void> = {
      ArrowDown: () => move(index + 1),
      ArrowUp: () => move(index - 1),
      Home: () => move(0),
      End: () => move(lines.length - 1),
      ArrowRight: () => {
        if (node === undefined || flat) return
        if (isOpen) move(index + 1)
        else onOpen(node.node, true)
      },
      ArrowLeft: () => {
        if (isOpen && !flat) return onOpen(node.node, false)
        const parent = lines.findLastIndex((line, at) => at < index && line.level < level)
        if (parent >= 0) move(parent)
      },
      ' ': () => node !== undefined && onToggle(node),
      Enter: () => node !== undefined && onShow(node),
    }
    const step = steps[event.key]
    if (step === undefined) return
    event.preventDefault()
    step()
  }
  return (
    <div ref={scroller} className="tree" role="tree" aria-label={strings.label} aria-multiselectable="true">
      <div role="none" style={{ height: virtual.getTotalSize() + 8, position: 'relative' }}>
        {virtual.getVirtualItems().map(({ index, key, start }) => {
          const line = lines[index]!
          const { node, level } = line
          return (
            <div
              key={key}
              role="treeitem"
              aria-level={level + 1}
              aria-selected={node !== undefined && selected.has(node.node)}
              {...(node === undefined || flat ? {} : { 'aria-expanded': open.has(node.node) })}
              className="tree-row"
              data-index={index}
              data-node={node?.node}
              tabIndex={index === Math.min(focused, lines.length - 1) ? 0 : -1}
              style={{
                position: 'absolute',
                top: 0,
                left: 0,
                right: 0,
                transform: `translateY(${start}px)`,
                paddingLeft: level * 18,
              }}
              onFocus={() => setFocused(index)}
              onKeyDown={(event) => onKey(event, index, line)}
            >
              {node === undefined ? (
                <BranchLine line={line} onRetry={() => onRetry(line.parent)} />
              ) : (
                <NodeLine
                  node={node}
                  flat={flat}
                  isOpen={open.has(node.node)}
                  isSelected={selected.has(node.node)}
                  onOpen={(on) => onOpen(node.node, on)}
                  onToggle={() => onToggle(node)}
                  onShow={() => onShow(node)}
                />
              )}
            </div>
          )
        })}
      </div>
    </div>
  )
}

function BranchLine({ line: { branch }, onRetry }: { line: Line; onRetry(): void }) {
  if (branch!.busy)
    return (
      <span className="tree-wide">
        <Elapsed label={pointStrings.asking} />
      </span>
    )
  if (branch!.error !== undefined)
    return (
      <span className="tree-wide" role="alert">
        {branch!.error.message}{' '}
        <Button size="compact-xs" variant="default" onClick={onRetry}>
          {partStrings.again}
        </Button>
      </span>
    )
  return <span className="tree-wide quiet">{branch!.cut ? strings.cut : strings.empty}</span>
}

interface NodeLineProps {
  readonly node: BrowsedNode
  readonly flat: boolean
  readonly isOpen: boolean
  readonly isSelected: boolean
  onOpen(on: boolean): void
  onToggle(): void
  onShow(): void
}

function NodeLine({ node, flat, isOpen, isSelected, onOpen, onToggle, onShow }: NodeLineProps) {
  const { displayName, variable, description, path } = node
  const label = variable === undefined ? strings.below(displayName) : pointStrings.addTags(1)
  return (
    <>
      {flat ? (
        <span />
      ) : (
        <button
          type="button"
          className="twisty"
          tabIndex={-1}
          aria-label={strings.open(displayName)}
          onClick={() => onOpen(!isOpen)}
        >
          {isOpen ? '▾' : '▸'}
        </button>
      )}
      <input
        type="checkbox"
        tabIndex={-1}
        aria-label={`${label}: ${displayName}`}
        checked={isSelected}
        disabled={variable?.readable === false}
        onChange={onToggle}
      />
      <button
        type="button"
        className="tree-name clip"
        tabIndex={-1}
        title={path ?? node.node}
        dir="auto"
        onClick={onShow}
      >
        {flat ? (path ?? displayName) : displayName}
      </button>
      <span className="clip">
        {variable?.dataType ?? <span className="quiet">{isSelected ? strings.all : ''}</span>}
      </span>
      <span className="quiet clip">
        {variable === undefined
          ? ''
          : !variable.readable
            ? strings.notReadable
            : variable.writable
              ? strings.writable
              : ''}
      </span>
      <span className="quiet clip" title={description}>
        {description}
      </span>
    </>
  )
}

/** A tag a variable; of what is below a node, of arrays and of structures the device's driver makes the list. */
async function rowsOf(
  nodes: readonly BrowsedNode[],
  runner: ToolRunner,
  signal: AbortSignal,
): Promise<readonly TagRow[]> {
  const rows: TagRow[] = []
  for (const { node, displayName, description, variable } of nodes) {
    const isPlain = variable !== undefined && variable.valueRank === -1 && variable.isStructure !== true
    if (isPlain) {
      const { tagType, unit, low, high, symbols } = variable
      rows.push(toTagRow({ name: displayName, address: node, type: tagType, unit, low, high, symbols, description }))
      continue
    }
    const { tags } = (await runner('tags', { node }, signal)) as { tags: readonly object[] }
    rows.push(...tags.map(toTagRow))
  }
  return rows
}
