/** How many devices are in each state, and tags of each quality; each count leads to them. */
import type { SessionState } from '../../api.ts'
import { formatCount } from '../../format.ts'
import { useLive } from '../../live/context.ts'
import { Panel } from '../../parts/panel.tsx'
import { hrefOf } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import type { Severity } from '../../status.ts'
import { SeverityMark, StateMark } from '../../status-mark.tsx'
import { valueWords } from '../../strings/value-words.ts'
import { overviewStrings as strings } from '../../strings/overview.ts'

const STATES: readonly SessionState[] = ['Running', 'Connecting', 'Degraded', 'Failed', 'Disabled']
const QUALITIES: readonly Severity[] = ['good', 'uncertain', 'bad']

/** Before the first snapshot nothing is known: that is not the same as none. */
const useKnown = () => useLive((store) => store.snapshots > 0)

export function DeviceCounts() {
  const devices = useLive((store) => store.devices)
  const known = useKnown()
  return (
    <Panel
      title={strings.devices.title}
      actions={
        <span className="quiet numbers">
          {strings.devices.total(known ? formatCount(devices.length) : valueWords.values.none)}
        </span>
      }
    >
      <ul className="counts" aria-label={strings.devices.counts}>
        {STATES.map((state) => {
          const count = known ? devices.filter((device) => device.state === state).length : undefined
          return (
            <Count
              key={state}
              count={count}
              mark={<StateMark state={state} />}
              word={state}
              href={hrefOf('/devices', { state })}
              label={strings.devices.open(formatCount(count ?? 0), state)}
            />
          )
        })}
      </ul>
    </Panel>
  )
}

export function TagCounts() {
  const devices = useLive((store) => store.devices)
  const known = useKnown()
  const of = (quality: Severity): number => devices.reduce((sum, { tags }) => sum + tags[quality], 0)
  const total = devices.reduce((sum, { tags }) => sum + tags.total, 0)
  return (
    <Panel
      title={strings.tags.title}
      actions={
        <span className="quiet numbers">
          {strings.devices.total(known ? formatCount(total) : valueWords.values.none)}
        </span>
      }
    >
      <ul className="counts" aria-label={strings.tags.counts}>
        {QUALITIES.map((quality) => (
          <Count
            key={quality}
            count={known ? of(quality) : undefined}
            mark={<SeverityMark severity={quality} />}
            word={valueWords.severity[quality]}
            href={hrefOf('/values', { status: quality })}
            label={strings.tags.open(formatCount(of(quality)), valueWords.severity[quality])}
          />
        ))}
      </ul>
    </Panel>
  )
}

interface CountProps {
  /** undefined: not known yet. */
  readonly count: number | undefined
  readonly mark: React.ReactNode
  readonly word: string
  readonly href: string
  readonly label: string
}

/** None of it: nothing to go to, and no colour. */
function Count({ count, mark, word, href, label }: CountProps) {
  const content = (
    <>
      <span className="state-word">
        {count !== undefined && count > 0 && mark}
        {word}
      </span>
      <strong className="numbers">{count === undefined ? valueWords.values.none : formatCount(count)}</strong>
    </>
  )
  return (
    <li data-count={word}>
      {count === undefined || count === 0 ? (
        <span className="count quiet">{content}</span>
      ) : (
        <Link className="count" href={href} aria-label={label}>
          {content}
        </Link>
      )}
    </li>
  )
}
