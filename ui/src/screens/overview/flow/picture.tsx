/**
 * The flow of data as a picture: an edge's width is its rate, a dashed one carries nothing. Each node is a link. Nothing moves in it. Who
 * does not see it has the table with the same data.
 */
import { useElementSize } from '@mantine/hooks'
import { Link } from '../../../shell/link.tsx'
import { StateMark } from '../../../status-mark.tsx'
import { overviewStrings } from '../../../strings/overview.ts'
import { edgeWidth, hasData, type Flow, type FlowNode } from './flow.ts'
import { ageOf, ageText, rateText } from './node-text.ts'

const strings = overviewStrings.flow
const ROW_PX = 30
const GATEWAY_PX = 120
const GATEWAY_HEIGHT_PX = 44

export function Picture({ flow, now }: { flow: Flow; now: number }) {
  const { ref, width } = useElementSize<HTMLDivElement>()
  const { devices, sinks } = flow
  const rows = Math.max(devices.length, sinks.length, 2)
  const height = rows * ROW_PX
  const column = Math.min(420, Math.max(150, (width - GATEWAY_PX) * 0.34))
  const middle = { left: width / 2 - GATEWAY_PX / 2, right: width / 2 + GATEWAY_PX / 2, y: height / 2 }
  const yOf = (index: number, count: number): number => ((index + 0.5) * height) / count
  return (
    <div ref={ref} className="flow" role="group" aria-label={strings.label} style={{ height }}>
      {width > 0 && (
        <svg width={width} height={height} aria-hidden="true" className="flow-edges">
          {devices.map((node, index) => (
            <Edge
              key={node.key}
              node={node}
              from={[column, yOf(index, devices.length)]}
              to={[middle.left, fan(middle.y, index, devices.length)]}
            />
          ))}
          {sinks.map((node, index) => (
            <Edge
              key={node.key}
              node={node}
              from={[middle.right, fan(middle.y, index, sinks.length)]}
              to={[width - column, yOf(index, sinks.length)]}
            />
          ))}
        </svg>
      )}
      <ul className="flow-nodes flow-left" style={{ width: column }}>
        {devices.map((node) => (
          <Node key={node.key} node={node} now={now} height={height / devices.length} />
        ))}
      </ul>
      <div
        className="flow-gateway"
        style={{
          left: middle.left,
          top: middle.y - GATEWAY_HEIGHT_PX / 2,
          width: GATEWAY_PX,
          height: GATEWAY_HEIGHT_PX,
        }}
      >
        {strings.gateway}
      </div>
      <ul className="flow-nodes flow-right" style={{ width: column }}>
        {sinks.map((node) => (
          <Node key={node.key} node={node} now={now} height={height / sinks.length} />
        ))}
      </ul>
    </div>
  )
}

/** Edges meet the gateway along its side, not in one point. */
const fan = (middle: number, index: number, count: number): number =>
  middle + (count < 2 ? 0 : (index / (count - 1) - 0.5) * (GATEWAY_HEIGHT_PX - 10))

type Place = readonly [x: number, y: number]

function Edge({ node, from: [x1, y1], to: [x2, y2] }: { node: FlowNode; from: Place; to: Place }) {
  const bend = (x1 + x2) / 2
  return (
    <path
      className="flow-edge"
      data-edge={node.key}
      data-flows={hasData(node)}
      data-state={node.state}
      d={`M${x1} ${y1}C${bend} ${y1} ${bend} ${y2} ${x2} ${y2}`}
      strokeWidth={edgeWidth(node.rate)}
    />
  )
}

function Node({ node, now, height }: { node: FlowNode; now: number; height: number }) {
  const { key, name, state, href, reason } = node
  const [rate, age] = [rateText(node), ageText(node, now)]
  return (
    <li style={{ height }}>
      <Link
        href={href}
        className="flow-node"
        data-node={key}
        title={reason ?? undefined}
        aria-label={strings.nodeLabel(name, state, rate, age)}
      >
        <StateMark state={state} />
        <bdi className="clip flow-name">{name}</bdi>
        <span className="numbers quiet flow-label" title={age}>
          {rate} · {ageOf(node, now)}
        </span>
      </Link>
    </li>
  )
}
