/**
 * Registers as they are, each in several formats, and why the device refuses those that it refuses. Selected ones become tags of the type
 * that is chosen; of each one can be asked what type and byte order it has.
 */
import { Button, TextInput } from '@mantine/core'
import { useEffect, useMemo, useState } from 'react'
import { formatCount, formatTime } from '../../format.ts'
import { pointStrings } from '../../strings/points.ts'
import { DataTable, type Column } from '../data-table.tsx'
import { Elapsed } from '../elapsed.tsx'
import { ProblemNote } from '../problem-note.tsx'
import { SelectInput } from '../select-input.tsx'
import { ByteOrder } from './byte-order.tsx'
import './points.css'
import type { TagRow } from './tag-rows.ts'
import type { ToolRunner } from './tool-runner.ts'
import { useWork } from './use-work.ts'

const strings = pointStrings.registersPart
const titles = strings.columns

interface Row {
  readonly address: string
  readonly reference: string
  readonly refused?: string
  readonly hex?: string
  readonly unsigned?: number
  readonly signed?: number
  readonly bits?: string
  readonly text?: string
  readonly float32?: { readonly ABCD: number | null; readonly CDAB: number | null }
  readonly value?: boolean
}

interface Read {
  readonly rows: readonly Row[]
  readonly at: number
  readonly ms: number
}

const TYPES = ['uint16', 'int16', 'uint32', 'int32', 'float32', 'uint64', 'int64', 'float64'] as const
const ORDERS = ['ABCD', 'CDAB', 'BADC', 'DCBA'] as const
const REGISTERS: Readonly<Record<string, number>> = { uint32: 2, int32: 2, float32: 2, uint64: 4, int64: 4, float64: 4 }
const REPEAT_MS = 2000

interface Props {
  readonly runner: ToolRunner
  onAdd(rows: readonly TagRow[]): void
}

export function RegisterGrid({ runner, onAdd }: Props) {
  const [from, setFrom] = useState('hr:0')
  const [count, setCount] = useState(32)
  const [repeat, setRepeat] = useState(false)
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [asked, setAsked] = useState<string>()
  const work = useWork<Read>()
  const { run, data } = work
  const read = () =>
    run(async (signal) => {
      const begin = performance.now()
      const { rows } = (await runner('dump', { address: from.trim(), count }, signal)) as { rows: readonly Row[] }
      return { rows, at: Date.now(), ms: Math.round(performance.now() - begin) }
    })
  useEffect(() => {
    if (!repeat || work.busy) return
    const timer = setTimeout(() => void read(), REPEAT_MS)
    return () => clearTimeout(timer)
  })
  const isBits = data?.rows.some(({ value }) => value !== undefined) === true
  const columns = useMemo(() => (isBits ? BIT_COLUMNS : registerColumns(setAsked)), [isBits])
  const chosen = data?.rows.filter(({ address, refused }) => selected.has(address) && refused === undefined) ?? []
  return (
    <>
      <form
        className="point-form"
        onSubmit={(event) => {
          event.preventDefault()
          setSelected(new Set())
          void read()
        }}
      >
        <TextInput
          size="xs"
          label={strings.address}
          spellCheck={false}
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        <TextInput
          size="xs"
          type="number"
          label={strings.count}
          min={1}
          max={2000}
          value={count}
          onChange={(event) => setCount(Math.max(1, Math.min(2000, Number(event.currentTarget.value) || 1)))}
        />
        <Button type="submit" size="xs" disabled={work.busy}>
          {strings.read}
        </Button>
        <label className="flag">
          <input type="checkbox" checked={repeat} onChange={(event) => setRepeat(event.currentTarget.checked)} />{' '}
          {strings.repeat}
        </label>
        {data !== undefined && (
          <span className="quiet numbers">{strings.readAt(formatTime(data.at), formatCount(data.ms))}</span>
        )}
      </form>
      <p className="quiet">{strings.help}</p>
      {work.busy && data === undefined && <Elapsed label={pointStrings.asking} />}
      <ProblemNote error={work.error} />
      {data !== undefined && (
        <>
          <DataTable
            name="registers-"
            label={strings.grid}
            columns={columns}
            rows={data.rows}
            keyOf={({ address }) => address}
            nameOf={({ address }) => address}
            rowPx={28}
            selected={selected}
            onSelect={setSelected}
          />
          <AddSelected
            rows={chosen}
            isBits={isBits}
            onAdd={(rows) => {
              onAdd(rows)
              setSelected(new Set())
            }}
          />
        </>
      )}
      {asked !== undefined && (
        <ByteOrder key={asked} address={asked} runner={runner} onTake={onAdd} onClose={() => setAsked(undefined)} />
      )}
    </>
  )
}

interface AddProps {
  readonly rows: readonly Row[]
  readonly isBits: boolean
  onAdd(rows: readonly TagRow[]): void
}

function AddSelected({ rows, isBits, onAdd }: AddProps) {
  const [type, setType] = useState<string>('uint16')
  const [order, setOrder] = useState<string>('')
  const same = (values: readonly string[]) => values.map((value) => ({ value, label: value }))
  const wide = !isBits && (REGISTERS[type] ?? 1) > 1
  const tags = rows.map(({ address }) => ({
    address,
    type: isBits ? 'bool' : type,
    ...(wide && order !== '' ? { order } : {}),
  }))
  return (
    <div className="point-form">
      {!isBits && <SelectInput label={strings.type} value={type} choices={same(TYPES)} onChange={setType} />}
      {wide && (
        <SelectInput
          label={strings.order}
          value={order}
          choices={[{ value: '', label: pointStrings.hand.byDevice }, ...same(ORDERS)]}
          onChange={setOrder}
        />
      )}
      <Button size="xs" disabled={tags.length === 0} onClick={() => onAdd(tags)}>
        {pointStrings.addTags(tags.length)}
      </Button>
      <span className="quiet">{strings.selectHint}</span>
    </div>
  )
}

const plain = (id: Exclude<keyof Row, 'float32'>, title: string, width: string, align?: 'right'): Column<Row> => ({
  id,
  title,
  width,
  ...(align === undefined ? {} : { align }),
  render: (row) => <span className="mono">{String(row[id] ?? '')}</span>,
})

const ADDRESS = plain('address', pointStrings.columns.address, '84px')
const REFERENCE = plain('reference', titles.reference, '72px')

const BIT_COLUMNS: readonly Column<Row>[] = [
  ADDRESS,
  REFERENCE,
  {
    id: 'value',
    title: titles.value,
    width: 'minmax(120px, 1fr)',
    render: ({ value, refused }) => (refused === undefined ? (value === true ? '1' : '0') : strings.refused(refused)),
  },
]

const registerColumns = (onAsk: (address: string) => void): readonly Column<Row>[] => [
  ADDRESS,
  REFERENCE,
  {
    id: 'hex',
    title: titles.hex,
    width: '64px',
    render: ({ hex, refused }) =>
      refused === undefined ? (
        <span className="mono">{hex}</span>
      ) : (
        <span className="refused">{strings.refused(refused)}</span>
      ),
  },
  plain('unsigned', titles.unsigned, '64px', 'right'),
  plain('signed', titles.signed, '64px', 'right'),
  plain('bits', titles.bits, '150px'),
  plain('text', titles.text, '44px'),
  float('float', titles.float, 'ABCD'),
  float('swapped', titles.swapped, 'CDAB'),
  {
    id: 'what',
    title: strings.what.replace(' …', ''),
    width: 'minmax(104px, 1fr)',
    render: ({ address, refused }) =>
      refused === undefined && (
        <Button size="compact-xs" variant="default" aria-label={strings.whatOf(address)} onClick={() => onAsk(address)}>
          {strings.what}
        </Button>
      ),
  },
]

function float(id: string, title: string, order: 'ABCD' | 'CDAB'): Column<Row> {
  return {
    id,
    title,
    width: '108px',
    align: 'right',
    render: ({ float32 }) => <span className="mono">{float32 === undefined ? '' : shortFloat(float32[order])}</span>,
  }
}

const shortFloat = (value: number | null): string => (value === null ? 'NaN' : String(Number(value.toPrecision(7))))
