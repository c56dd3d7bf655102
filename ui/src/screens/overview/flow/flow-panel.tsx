/** Devices → gateway → sinks, as a picture or as a table; which of them, and whether each node is shown, is in the address. */
import { Button } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useMemo } from 'react'
import { useAsk } from '../../../api/ask.ts'
import type { Operations } from '../../../api/operations.ts'
import { formatCount } from '../../../format.ts'
import { useNow } from '../../../live/context.ts'
import { Asked } from '../../../parts/asked.tsx'
import { Panel } from '../../../parts/panel.tsx'
import { useQueryPart } from '../../../shell/address.ts'
import { overviewStrings } from '../../../strings/overview.ts'
import { flowOf, GROUP_OVER, grouped } from './flow.ts'
import { FlowTable } from './flow-table.tsx'
import { Picture } from './picture.tsx'

const strings = overviewStrings.flow
const ASK_EVERY_MS = 3000

export function FlowPanel() {
  const query = useAsk('GET /api/v1/topology', { query: {} }, { everyMs: ASK_EVERY_MS })
  const narrow = useMediaQuery('(max-width: 760px)')
  const [view, setView] = useQueryPart('flow')
  // A phone has no room for the picture: there the table says it.
  const asTable = view === 'table' || (narrow && view !== 'picture')
  const show = (one: 'picture' | 'table') => setView(one === (narrow ? 'table' : 'picture') ? '' : one)
  // Devices, the gateway itself, sinks: with less than two there is nothing to show.
  if (query.data !== undefined && query.data.nodes.length < 2) return null
  return (
    <Panel
      title={strings.title}
      className="flow-panel"
      actions={
        <span className="bar" role="group" aria-label={strings.views}>
          {(['picture', 'table'] as const).map((one) => (
            <Button
              key={one}
              size="compact-xs"
              variant={(one === 'table') === asTable ? 'filled' : 'default'}
              aria-pressed={(one === 'table') === asTable}
              onClick={() => show(one)}
            >
              {strings[one]}
            </Button>
          ))}
        </span>
      }
    >
      <Asked query={query}>{(topology) => <FlowView topology={topology} asTable={asTable} />}</Asked>
    </Panel>
  )
}

interface ViewProps {
  readonly topology: Operations['GET /api/v1/topology']['answer']
  readonly asTable: boolean
}

function FlowView({ topology, asTable }: ViewProps) {
  const [each, setEach] = useQueryPart('each')
  const now = useNow()
  const all = useMemo(() => flowOf(topology), [topology])
  const total = all.devices.length + all.sinks.length
  const isLong = total > GROUP_OVER
  const flow = useMemo(
    () => (isLong && each === '' ? { devices: grouped(all.devices), sinks: sinksOf(all.sinks) } : all),
    [all, isLong, each],
  )
  return (
    <>
      {topology.grouping !== 'none' && <p className="quiet">{strings.tooMany(formatCount(topology.devices))}</p>}
      {topology.leftOut > 0 && <p className="quiet">{strings.leftOut(formatCount(topology.leftOut))}</p>}
      {asTable ? <FlowTable flow={flow} now={now} /> : <Picture flow={flow} now={now} />}
      <div className="bar flow-legend">
        {!asTable && <span className="quiet">{strings.legend}</span>}
        <span className="grow" />
        {isLong && (
          <Button size="compact-xs" variant="default" onClick={() => setEach(each === '' ? '1' : '')}>
            {each === '' ? strings.each(formatCount(total)) : strings.grouped}
          </Button>
        )}
      </div>
    </>
  )
}

const sinksOf = (sinks: Parameters<typeof grouped>[0]) => (sinks.length > GROUP_OVER ? grouped(sinks) : sinks)
