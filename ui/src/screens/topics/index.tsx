/** What a sink publishes, as the tree that its far side sees; the last message of a topic, what changed in it, and where it comes from. */
import './topics.css'
import { useEffect, useMemo, useSyncExternalStore } from 'react'
import { call } from '../../api/client.ts'
import { formatCount } from '../../format.ts'
import { useLive } from '../../live/context.ts'
import { EmptyState } from '../../parts/empty-state.tsx'
import { FilterInput } from '../../parts/filter-input.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { Tabs, useTab } from '../../parts/tabs.tsx'
import { changeQuery, hrefOf, useQueryPart } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { topicStrings as strings } from '../../strings/topics.ts'
import { Busiest } from './busiest.tsx'
import { Found } from './found.tsx'
import { MessagePanel } from './message-panel.tsx'
import { TopicTree, type TreeAnswer } from './tree.ts'
import { TreeView } from './tree-view.tsx'

const TABS = [
  { id: 'tree', title: strings.tabs.tree },
  { id: 'busiest', title: strings.tabs.busiest },
] as const

export default function Topics() {
  const [sink] = useQueryPart('sink')
  return (
    <>
      <h1 className="screen-title">{strings.title}</h1>
      <TopicsOf key={sink} sink={sink === '' ? undefined : sink} />
    </>
  )
}

function TopicsOf({ sink }: { sink: string | undefined }) {
  const tree = useMemo(() => treeOf(sink), [sink])
  useEffect(() => {
    tree.start()
    return () => tree.stop()
  }, [tree])
  const snapshots = useLive((store) => store.snapshots)
  useEffect(() => {
    tree.again()
    // A sink may have come with another configuration.
    if (tree.head()?.sink === null) void tree.refresh(new Set())
  }, [tree, snapshots])
  const head = useSyncExternalStore(tree.subscribe, tree.head)
  const error = useSyncExternalStore(tree.subscribe, tree.error)
  const [topic] = useQueryPart('topic')
  if (head?.sink === null)
    return (
      <EmptyState title={strings.none} text={strings.noneWhy}>
        <Link href="/sinks">{strings.toSinks}</Link>
      </EmptyState>
    )
  const name = head?.sink
  if (head === undefined && error !== undefined) return <ProblemNote error={error} onRetry={() => tree.more('')} />
  return (
    <>
      {head !== undefined && <Choice head={head} />}
      <div className="topics">
        <section className="panel topics-list" aria-label={strings.tabs.label}>
          <Finder tree={tree} sink={name} />
        </section>
        <MessagePanel key={topic} sink={name} topic={topic} />
      </div>
    </>
  )
}

function Choice({ head: { sinks, tags, ...head } }: { head: TreeAnswer }) {
  const sink = head.sink ?? ''
  return (
    <div className="bar">
      {sinks.length > 1 && (
        <nav className="bar topics-sinks" aria-label={strings.sink}>
          {sinks.map(({ name, kind }) => (
            <Link key={name} href={hrefOf('/topics', { sink: name })} aria-current={name === sink ? 'true' : undefined}>
              <bdi>{name}</bdi> <span className="quiet">{kind}</span>
            </Link>
          ))}
        </nav>
      )}
      {sinks.length === 1 && (
        <span>
          {strings.sink} <Link href={hrefOf('/sinks', { name: sink })}>{sink}</Link>
        </span>
      )}
      <span className="quiet numbers">{strings.tags(formatCount(tags))}</span>
      <span className="grow" />
      <FilterInput hint={strings.searchHint} />
    </div>
  )
}

/** By words where there are some, else by the tree or by how much comes. */
function Finder({ tree, sink }: { tree: TopicTree; sink: string | undefined }) {
  const tab = useTab(TABS)
  const [words] = useQueryPart('q')
  const [topic] = useQueryPart('topic')
  const choose = (next: string) => changeQuery({ topic: next })
  if (words.trim() !== '' && sink !== undefined)
    return <Found sink={sink} words={words.trim()} topic={topic} onChoose={choose} />
  return (
    <>
      <Tabs label={strings.tabs.label} tabs={TABS} />
      {tab === 'tree' && <TreeView tree={tree} topic={topic} onChoose={choose} />}
      {tab === 'busiest' && sink !== undefined && <Busiest sink={sink} topic={topic} onChoose={choose} />}
    </>
  )
}

const treeOf = (sink: string | undefined): TopicTree =>
  new TopicTree(({ prefix, limit, cursor }, signal) =>
    call('GET /api/v1/topics', {
      query: {
        prefix,
        limit,
        rates: 'true',
        ...(sink === undefined ? {} : { sink }),
        ...(cursor === undefined ? {} : { cursor }),
      },
      signal,
    }),
  )
