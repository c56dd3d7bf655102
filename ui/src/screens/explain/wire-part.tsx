/** Request and answer as they were on the wire, the bytes of the tag marked, with their fields in words. */
import { formatCount } from '../../format.ts'
import { Panel } from '../../parts/panel.tsx'
import { StateMark } from '../../status-mark.tsx'
import { explainStrings as words } from '../../strings/explain.ts'
import { markBytes, wordsOf } from './hex.ts'
import type { Exchange, Explained, Place } from './types.ts'
import { Fact } from './value-parts.tsx'

export function WirePart({ explained: { wire } }: { explained: Explained }) {
  const { exchange, place, together, retries, earlier, source, problem } = wire
  return (
    <Panel title={words.parts.wire}>
      {problem !== null && <p className="quiet">{problem}</p>}
      {exchange === null && problem === null && source === null && <p className="quiet">{words.noWire}</p>}
      {exchange !== null && <Frames exchange={exchange} place={place} />}
      <dl className="facts">
        {place !== null && (
          <>
            <Fact name={words.block}>
              {words.together(place.block, formatCount(together.total))}
              <div className="quiet explain-tags">{together.tags.join(', ')}</div>
            </Fact>
            <Fact name={words.reading}>
              <code>{place.bytes === null ? '' : wordsOf(place.bytes, 2)}</code> {place.reading}
            </Fact>
          </>
        )}
        {exchange !== null && (
          <>
            <Fact name={words.roundTrip}>
              {exchange.roundTripMs === null ? '–' : words.roundTripMs(exchange.roundTripMs.toFixed(1))}
            </Fact>
            <Fact name={words.retries}>{retries === 0 ? words.noRetries : words.retried(formatCount(retries))}</Fact>
          </>
        )}
        {Object.entries(source ?? {}).map(([name, value]) => (
          <Fact key={name} name={name}>
            {String(value ?? '–')}
          </Fact>
        ))}
      </dl>
      {earlier.length > 0 && (
        <details>
          <summary>{words.attempts}</summary>
          {earlier.map((attempt) => (
            <Frames key={attempt.number} exchange={attempt} place={null} />
          ))}
        </details>
      )}
    </Panel>
  )
}

function Frames({ exchange, place }: { exchange: Exchange; place: Place | null }) {
  const { request, response, error } = exchange
  return (
    <>
      {request !== null && <Frame title={words.request} hex={request.hex} text={request.text} place={null} />}
      {response !== null && <Frame title={words.response} hex={response.hex} text={response.text} place={place} />}
      {error !== null && (
        <p className="state-word">
          <StateMark state="Failed" />
          {error}
        </p>
      )}
    </>
  )
}

interface FrameProps {
  readonly title: string
  readonly hex: string
  readonly text: string
  readonly place: Place | null
}

function Frame({ title, hex, text, place }: FrameProps) {
  const { before, marked, after } = markBytes(hex, place?.start ?? null, place?.length ?? 0)
  return (
    <div className="frame-shown">
      <h3>{title}</h3>
      <pre className="hex" tabIndex={0} aria-label={title}>
        {before} {marked !== '' && <mark data-testid="marked">{marked}</mark>} {after}
      </pre>
      <p className="quiet">{text}</p>
      {place !== null && (
        <p className="quiet">{marked === '' ? words.notMarked : words.marked(place.start ?? 0, place.length)}</p>
      )}
    </div>
  )
}
