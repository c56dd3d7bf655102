/** Samples that the far side refused for good: why, when, what; to send them again or to let go of them. */
import { Button, Modal } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useAsk } from '../../api/ask.ts'
import type { Operations } from '../../api/operations.ts'
import type { SinkView } from '../../api.ts'
import { formatCount, formatMoment, formatTime, isoTime } from '../../format.ts'
import { Asked } from '../../parts/asked.tsx'
import { CopyButton } from '../../parts/copy-button.tsx'
import { DataTable, type Column } from '../../parts/data-table.tsx'
import { Panel } from '../../parts/panel.tsx'
import { hrefOf, useQueryPart } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { severityOf } from '../../status.ts'
import { SeverityMark } from '../../status-mark.tsx'
import { valueWords } from '../../strings/value-words.ts'
import { sinkStrings } from '../../strings/sinks.ts'
import { LetterActions } from './letter-actions.tsx'

const strings = sinkStrings.letters
const FEW = 100
const MOST = 1000

type Letter = Operations['GET /api/v1/sinks/{sink}/dead-letters']['answer']['deadLetters'][number]

export function DeadLetters({ sink }: { sink: SinkView }) {
  const [many, setMany] = useQueryPart('letters')
  const limit = many === 'all' ? MOST : FEW
  const query = useAsk(
    'GET /api/v1/sinks/{sink}/dead-letters',
    { params: { sink: sink.name }, query: { limit } },
    { everyMs: 5000 },
  )
  const [shown, setShown] = useState<Letter>()
  const columns = useMemo(() => columnsOf(setShown), [])
  const letters = query.data?.deadLetters ?? []
  return (
    <Panel title={strings.title} actions={<LetterActions sink={sink} disabled={letters.length === 0} />}>
      <p className="quiet">{strings.what}</p>
      <Asked query={query}>
        {({ deadLetters }) =>
          deadLetters.length === 0 ? (
            <p data-testid="no-letters">{strings.empty}</p>
          ) : (
            <>
              <DataTable
                label={strings.label(sink.name)}
                name="letters"
                columns={columns}
                rows={deadLetters}
                keyOf={keyOf}
                onOpen={setShown}
              />
              {deadLetters.length === limit && (
                <p className="quiet bar">
                  {strings.newest(formatCount(limit))}
                  {limit === FEW && (
                    <Button size="compact-xs" variant="default" onClick={() => setMany('all')}>
                      {strings.more}
                    </Button>
                  )}
                </p>
              )}
            </>
          )
        }
      </Asked>
      <Modal opened={shown !== undefined} onClose={() => setShown(undefined)} title={strings.one} size="lg">
        {shown !== undefined && <Whole letter={shown} />}
      </Modal>
    </Panel>
  )
}

function Whole({ letter }: { letter: Letter }) {
  const text = JSON.stringify(letter, undefined, 2)
  return (
    <>
      <p>{letter.reason}</p>
      <pre className="hex" tabIndex={0}>
        {text}
      </pre>
      <CopyButton text={text} />
    </>
  )
}

const keyOf = ({ log, seq, at, device, tag }: Letter): string => `${log} ${seq} ${at} ${device}/${tag}`
const nameOf = ({ device, tag }: Letter): string | null => (device === null || tag === null ? null : `${device}/${tag}`)
const valueText = (value: Letter['value']): string => (value === null ? valueWords.values.none : String(value))

function columnsOf(show: (letter: Letter) => void): readonly Column<Letter>[] {
  const titles = strings.columns
  return [
    {
      id: 'at',
      title: titles.at,
      width: '150px',
      sort: ({ at }) => at,
      render: ({ at }) => <span title={at}>{formatTime(Date.parse(at))}</span>,
    },
    {
      id: 'tag',
      title: titles.tag,
      width: 'minmax(140px, 2fr)',
      sort: nameOf,
      render: (letter) => {
        const name = nameOf(letter)
        return name === null ? (
          <span className="quiet">{strings.gone}</span>
        ) : (
          <Link href={hrefOf('/values', { q: name })}>
            <bdi>{name}</bdi>
          </Link>
        )
      },
    },
    {
      id: 'value',
      title: titles.value,
      width: 'minmax(90px, 1fr)',
      align: 'right',
      sort: ({ value }) => (typeof value === 'boolean' ? String(value) : value),
      render: ({ value }) => <bdi>{valueText(value)}</bdi>,
    },
    {
      id: 'status',
      title: titles.status,
      width: 'minmax(90px, 1fr)',
      sort: ({ status }) => status.code,
      render: ({ status }) => (
        <span className="state-word">
          <SeverityMark severity={severityOf(status.code)} />
          {status.name}
        </span>
      ),
    },
    {
      id: 'reason',
      title: titles.reason,
      width: 'minmax(160px, 3fr)',
      sort: ({ reason }) => reason,
      render: ({ reason }) => <span title={reason}>{reason}</span>,
    },
    {
      id: 'time',
      title: titles.time,
      width: '150px',
      sort: ({ time }) => time,
      render: ({ time }) =>
        time === null ? (
          valueWords.values.none
        ) : (
          <span title={`${formatMoment(Date.parse(time))} ${isoTime(Date.parse(time))}`}>
            {formatTime(Date.parse(time))}
          </span>
        ),
    },
    {
      id: 'seq',
      title: titles.seq,
      width: '90px',
      align: 'right',
      sort: ({ seq }) => seq,
      render: ({ seq }) => (seq === null ? valueWords.values.none : formatCount(seq)),
    },
    {
      id: 'payload',
      title: titles.payload,
      width: '80px',
      render: (letter) => (
        <Button
          size="compact-xs"
          variant="default"
          aria-label={strings.showLabel(nameOf(letter) ?? strings.gone)}
          onClick={() => show(letter)}
        >
          {strings.show}
        </Button>
      ),
    },
  ]
}
