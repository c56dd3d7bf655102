/** The last message of a topic: where it comes from, how it is sent, its payload, and what has changed since the one before. */
import { useAsk } from '../../api/ask.ts'
import type { Operations } from '../../api/operations.ts'
import { formatBytes, formatCount, formatDuration, formatMoment, formatRate, isoTime } from '../../format.ts'
import { useNow } from '../../live/context.ts'
import { Asked } from '../../parts/asked.tsx'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Panel } from '../../parts/panel.tsx'
import { hrefOf } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { topicStrings } from '../../strings/topics.ts'
import { DiffTable } from './diff-table.tsx'
import { prettyOf } from './payload-diff.ts'
import { Producers } from './producers.tsx'

const strings = topicStrings.message
const ASK_EVERY_MS = 2000
const SHOWN_PRODUCERS = 20

type Answer = Operations['GET /api/v1/topics/message']['answer']

export function MessagePanel({ sink, topic }: { sink: string | undefined; topic: string }) {
  return (
    <Panel
      title={topic === '' ? strings.title : <bdi className="topic-name">{topic}</bdi>}
      className="topic-message"
      actions={topic !== '' && <CopyButton text={topic} label={strings.copyTopic} />}
    >
      {topic === '' ? (
        <p className="quiet">{strings.choose}</p>
      ) : (
        sink !== undefined && <Message sink={sink} topic={topic} />
      )}
    </Panel>
  )
}

function Message({ sink, topic }: { sink: string; topic: string }) {
  const query = useAsk(
    'GET /api/v1/topics/message',
    { query: { sink, topic, rates: 'true' } },
    { everyMs: ASK_EVERY_MS },
  )
  return (
    <Asked query={query}>
      {(answer) => (
        <>
          <Facts answer={answer} />
          {answer.last === null ? (
            <p className="quiet">{strings.none}</p>
          ) : (
            <>
              <Payload last={answer.last} tags={answer.tags} />
              <DiffTable last={answer.last.message} previous={answer.previous?.message ?? null} />
            </>
          )}
        </>
      )}
    </Asked>
  )
}

function Facts({ answer: { tags, producers, perMinute, last } }: { answer: Answer }) {
  const now = useNow()
  const device = producers[0]?.device
  const time = (iso: string | null | undefined): number | null => (iso == null ? null : Date.parse(iso))
  const [read, source] = [time(last?.receivedAt), time(last?.time)]
  return (
    <dl className="facts numbers">
      <dt>{strings.producers}</dt>
      <dd>
        <Producers producers={producers.slice(0, SHOWN_PRODUCERS)} total={tags} />
      </dd>
      {device !== undefined && (
        <>
          <dt>{strings.device}</dt>
          <dd>
            <Link href={hrefOf('/device', { name: device })}>
              <bdi>{device}</bdi>
            </Link>
          </dd>
        </>
      )}
      <dt>{strings.rate}</dt>
      <dd>{perMinute === null ? topicStrings.measuring : topicStrings.perMinute(formatRate(perMinute))}</dd>
      {last !== null && (
        <>
          <dt>{strings.age}</dt>
          <dd>{read !== null && topicStrings.ago(formatDuration(now - read))}</dd>
          <dt>{strings.time}</dt>
          <dd title={isoTime(source)}>{formatMoment(source)}</dd>
          <dt>{strings.state}</dt>
          <dd data-testid="published">{strings.fates[last.fate]}</dd>
          <dt>{strings.number}</dt>
          <dd>{formatCount(last.seq)}</dd>
          {last.message.member !== null && (
            <>
              <dt>{strings.member}</dt>
              <dd>{last.message.member}</dd>
            </>
          )}
          <dt>{strings.facts}</dt>
          <dd>
            {Object.entries(last.message.facts)
              .map(([name, value]) => `${name} ${String(value)}`)
              .join(', ')}
          </dd>
          <dt>{strings.size}</dt>
          <dd>{formatBytes(last.message.bytes)}</dd>
        </>
      )}
    </dl>
  )
}

function Payload({ last: { message }, tags }: { last: NonNullable<Answer['last']>; tags: number }) {
  const text = prettyOf(message)
  return (
    <section aria-label={strings.payload}>
      <div className="bar">
        <h3 className="topic-part">{strings.payload}</h3>
        <span className="grow" />
        <CopyButton text={text} label={strings.copy} />
      </div>
      <pre className="hex topic-payload" tabIndex={0} data-testid="payload">
        {text}
      </pre>
      {message.cut && <p className="quiet">{strings.cut}</p>}
      {message.text === null && message.hex !== null && (
        <details>
          <summary className="quiet">{strings.hex}</summary>
          <pre className="hex topic-payload" tabIndex={0}>
            {message.hex}
          </pre>
        </details>
      )}
      <p className="quiet">{tags > 1 ? strings.shared(formatCount(tags)) : strings.anew}</p>
    </section>
  )
}
