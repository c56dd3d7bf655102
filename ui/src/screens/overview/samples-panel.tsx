/** Samples that come in and go out, now and over the last five minutes. */
import { useAsk } from '../../api/ask.ts'
import { formatRate } from '../../format.ts'
import { Asked } from '../../parts/asked.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Sparkline } from '../../parts/sparkline.tsx'
import { overviewStrings } from '../../strings/overview.ts'

const strings = overviewStrings.samples
export const SYSTEM_EVERY_MS = 5000

export function SamplesPanel() {
  const query = useAsk('GET /api/v1/system', {}, { everyMs: SYSTEM_EVERY_MS })
  return (
    <Panel title={strings.title}>
      <Asked query={query}>
        {({ samples, history }) => (
          <dl className="facts rates numbers">
            <Rate
              title={strings.in}
              now={samples.inPerSecond}
              before={history.map((point) => point.inPerSecond)}
              label={strings.trendIn}
            />
            <Rate
              title={strings.out}
              now={samples.sinks.length === 0 ? undefined : samples.outPerSecond}
              before={history.map((point) => point.outPerSecond)}
              label={strings.trendOut}
            />
          </dl>
        )}
      </Asked>
    </Panel>
  )
}

interface RateProps {
  readonly title: string
  /** null: not measured yet; undefined: there is nothing to measure. */
  readonly now: number | null | undefined
  readonly before: readonly (number | null)[]
  label(now: string): string
}

function Rate({ title, now, before, label }: RateProps) {
  const text = typeof now === 'number' ? strings.perSecond(formatRate(now)) : strings.measuring
  return (
    <>
      <dt>{title}</dt>
      <dd data-rate={title}>
        {now === undefined ? (
          <span className="quiet">{strings.noSink}</span>
        ) : (
          <>
            <strong>{text}</strong>
            <Sparkline values={[...before, now ?? null]} label={label(text)} width={150} height={30} atLeast={1} />
          </>
        )}
      </dd>
    </>
  )
}
