/** One row of the tree: a level with how many tags are below it, or a topic with its last message, age and rate. */
import { formatCount, formatDuration, formatRate } from '../../format.ts'
import { useNow } from '../../live/context.ts'
import { partStrings } from '../../strings/parts.ts'
import { topicStrings } from '../../strings/topics.ts'
import type { Row, TopicNode } from './tree.ts'

const strings = topicStrings.tree
const INDENT_PX = 16

interface Props {
  readonly id: string
  readonly row: Row
  readonly top: number
  readonly height: number
  readonly isActive: boolean
  readonly isChosen: boolean
  onPress(): void
  onTwist(): void
}

export function TreeRow({ id, row, top, height, isActive, isChosen, onPress, onTwist }: Props) {
  const style = { transform: `translateY(${top}px)`, height, paddingLeft: 6 + row.depth * INDENT_PX }
  const className = `topic-row${isActive ? ' active' : ''}`
  if (row.kind !== 'node')
    return (
      <div
        id={id}
        role="treeitem"
        aria-level={row.depth + 1}
        aria-selected={false}
        className={className}
        style={style}
        onClick={onPress}
      >
        <span className="twist" aria-hidden="true" />
        <span className="quiet">
          {row.kind === 'failed'
            ? `${row.error?.message ?? ''} ${partStrings.again}`
            : row.kind === 'more'
              ? strings.more
              : strings.loading}
        </span>
      </div>
    )
  const { node, depth, isOpen, position, size } = row
  const isBranch = node.children > 0
  return (
    <div
      id={id}
      role="treeitem"
      aria-level={depth + 1}
      aria-posinset={position}
      aria-setsize={size}
      aria-expanded={isBranch ? isOpen : undefined}
      aria-selected={isChosen}
      className={className}
      data-topic={node.path}
      style={style}
      onClick={onPress}
    >
      <span
        className="twist"
        aria-hidden="true"
        onClick={(event) => {
          event.stopPropagation()
          onTwist()
        }}
      >
        {isBranch ? (isOpen ? '▾' : '▸') : ''}
      </span>
      <bdi className="topic-segment">{node.segment === '' ? '∅' : node.segment}</bdi>
      {isBranch && <span className="quiet numbers">{strings.tags(formatCount(node.tags))}</span>}
      {node.leaf !== null && <Leaf leaf={node.leaf} />}
    </div>
  )
}

function Leaf({ leaf: { last, perMinute } }: { leaf: NonNullable<TopicNode['leaf']> }) {
  const now = useNow()
  if (last === null) return <span className="quiet">{strings.noMessage}</span>
  const { message, time, receivedAt, fate } = last
  const at = time ?? receivedAt
  const preview = message.text ?? JSON.stringify(message.decoded ?? message.hex ?? '')
  return (
    <>
      <code className="clip topic-preview" title={preview}>
        {preview.slice(0, 300)}
      </code>
      {fate === 'waits' && <span className="quiet topic-waits">{strings.waits}</span>}
      <span className="quiet numbers topic-age">{at === null ? '' : formatDuration(now - Date.parse(at))}</span>
      <span className="quiet numbers topic-rate">
        {perMinute === null ? '' : topicStrings.perMinute(formatRate(perMinute))}
      </span>
    </>
  )
}
