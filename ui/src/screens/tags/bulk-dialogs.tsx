/** Many cells at once: a property of all chosen rows, find and replace, series, new rows. Each shows what it comes to before it is done. */
import { Button, Modal, NativeSelect, TextInput } from '@mantine/core'
import { useMemo, useState, type FormEvent, type ReactNode } from 'react'
import { formatCount } from '../../format.ts'
import { partStrings } from '../../strings/parts.ts'
import { tagStrings } from '../../strings/tags.ts'
import { addRows, fillSeries, replacements, setCells } from './actions.ts'
import { cellFault, type TagSchema } from './check.ts'
import { COLUMNS, columnOf, type TagColumn } from './columns.ts'
import { seriesOf } from './series.ts'
import type { TagSheet } from './sheet.ts'

const strings = tagStrings.bulk

export type BulkKind = 'set' | 'replace' | 'series' | 'add'

interface Props {
  readonly kind: BulkKind
  readonly sheet: TagSheet
  /** The rows that are chosen, and all that are shown. */
  readonly rows: readonly number[]
  readonly view: readonly number[]
  /** The column where the cursor is. */
  readonly column: string
  readonly schema: TagSchema | undefined
  onClose(): void
  /** New rows, from this place on. */
  onAdded(from: number): void
}

export function BulkDialog(props: Props) {
  const Dialog = { set: SetProperty, replace: FindReplace, series: FillSeries, add: AddRows }[props.kind]
  return (
    <Modal opened onClose={props.onClose} title={strings.titles[props.kind]} centered>
      <Dialog {...props} />
    </Modal>
  )
}

function SetProperty({ sheet, rows, column: at, schema, onClose }: Props) {
  const [column, setColumn] = useState(at === 'name' ? 'every' : at)
  const [text, setText] = useState('')
  const fault = cellFault(text.trim(), schema?.properties[column])
  const known = columnOf(column)!
  const choices = known.kind === 'flag' ? ['true', 'false'] : known.kind === 'choice' ? known.choices! : undefined
  return (
    <Form
      label={strings.setEffect(known.title, text.trim(), formatCount(rows.length))}
      disabled={fault !== undefined || rows.length === 0}
      onClose={onClose}
      onDo={() => setCells(sheet, rows, column, text.trim())}
    >
      <ColumnSelect label={strings.property} value={column} onChange={setColumn} without="name" />
      {choices === undefined ? (
        <TextInput
          data-autofocus
          label={strings.value}
          description={strings.valueHint}
          autoComplete="off"
          value={text}
          error={fault}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      ) : (
        <NativeSelect
          label={strings.value}
          data={[{ value: '', label: tagStrings.flagAbsent }, ...choices]}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      )}
    </Form>
  )
}

function FindReplace({ sheet, rows, view, column: at, onClose }: Props) {
  const [how, setHow] = useState({ find: '', replace: '', column: at, wholeCell: false, matchCase: false })
  const [onlyChosen, setOnlyChosen] = useState(rows.length > 1)
  const changes = useMemo(
    () => replacements(sheet, onlyChosen ? rows : view, how),
    [sheet, onlyChosen, rows, view, how],
  )
  const [first] = changes
  return (
    <Form
      label={strings.replaceEffect(formatCount(changes.length))}
      disabled={changes.length === 0}
      onClose={onClose}
      onDo={() => sheet.change(changes)}
    >
      <ColumnSelect label={strings.inColumn} value={how.column} onChange={(column) => setHow({ ...how, column })} />
      <TextInput
        data-autofocus
        label={strings.find}
        autoComplete="off"
        value={how.find}
        onChange={(event) => setHow({ ...how, find: event.currentTarget.value })}
      />
      <TextInput
        label={strings.replaceBy}
        autoComplete="off"
        value={how.replace}
        onChange={(event) => setHow({ ...how, replace: event.currentTarget.value })}
      />
      <Check label={strings.wholeCell} checked={how.wholeCell} onChange={(on) => setHow({ ...how, wholeCell: on })} />
      <Check label={strings.matchCase} checked={how.matchCase} onChange={(on) => setHow({ ...how, matchCase: on })} />
      <Check
        label={strings.onlyChosen(formatCount(rows.length))}
        checked={onlyChosen}
        onChange={(on) => setOnlyChosen(on)}
      />
      <p className="quiet" role="status">
        {first === undefined
          ? strings.nothingFound
          : strings.becomes(sheet.rows[first.at]!.cells[how.column] ?? '', first.next.cells[how.column] ?? '')}
      </p>
    </Form>
  )
}

function FillSeries({ sheet, rows, column: at, onClose }: Props) {
  const [column, setColumn] = useState(at)
  const [step, setStep] = useState('')
  const by = step === '' ? undefined : Number(step)
  const texts = useMemo(() => {
    const seen = rows.slice(0, MOST_SHOWN).map((row) => sheet.rows[row]!.cells)
    return seriesOf(column, seen, by)
  }, [sheet, rows, column, by])
  return (
    <Form
      label={strings.seriesEffect(formatCount(rows.length))}
      disabled={rows.length < 2 || texts[0] === ''}
      onClose={onClose}
      onDo={() => fillSeries(sheet, rows, column, by)}
    >
      <ColumnSelect label={strings.inColumn} value={column} onChange={setColumn} />
      <TextInput
        type="number"
        label={strings.step}
        description={column === 'address' ? strings.stepByType : strings.stepOne}
        value={step}
        onChange={(event) => setStep(event.currentTarget.value)}
      />
      <p className="quiet">{rows.length < 2 ? strings.chooseRows : strings.preview}</p>
      <p className="numbers tag-series">
        {texts.map((text, nth) => (
          <bdi key={`${nth} ${text}`}>{text}</bdi>
        ))}
        {rows.length > texts.length && '…'}
      </p>
    </Form>
  )
}

const MOST_SHOWN = 6

function AddRows({ sheet, rows, onClose, onAdded }: Props) {
  const [count, setCount] = useState('1')
  const last = rows.length === 0 ? undefined : sheet.rows[rows.at(-1)!]
  const [like, setLike] = useState(last !== undefined && !last.removed)
  const many = Math.max(0, Math.min(50_000, Number(count)))
  return (
    <Form
      label={strings.addEffect(formatCount(many))}
      disabled={many === 0}
      onClose={onClose}
      onDo={() => onAdded(addRows(sheet, many, like ? last : undefined))}
    >
      <TextInput
        data-autofocus
        type="number"
        label={strings.howMany}
        min={1}
        max={50_000}
        value={count}
        onChange={(event) => setCount(event.currentTarget.value)}
      />
      {last !== undefined && (
        <Check label={strings.likeRow(last.cells['name'] ?? '')} checked={like} onChange={(on) => setLike(on)} />
      )}
    </Form>
  )
}

interface ColumnSelectProps {
  readonly label: string
  readonly value: string
  readonly without?: string
  onChange(column: string): void
}

function ColumnSelect({ label, value, without, onChange }: ColumnSelectProps) {
  const data = COLUMNS.filter(({ name }: TagColumn) => name !== without).map(({ name, title }) => ({ value: name, label: title })) // prettier-ignore
  return (
    <NativeSelect label={label} data={data} value={value} onChange={(event) => onChange(event.currentTarget.value)} />
  )
}

function Check(props: { label: string; checked: boolean; onChange(on: boolean): void }) {
  return (
    <label className="tag-check">
      <input
        type="checkbox"
        checked={props.checked}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />{' '}
      {props.label}
    </label>
  )
}

interface FormProps {
  readonly label: string
  readonly disabled: boolean
  readonly children: ReactNode
  onDo(): void
  onClose(): void
}

function Form({ label, disabled, children, onDo, onClose }: FormProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (disabled) return
    onDo()
    onClose()
  }
  return (
    <form className="tag-bulk" onSubmit={submit}>
      {children}
      <div className="bar end">
        <Button variant="default" onClick={onClose}>
          {partStrings.cancel}
        </Button>
        <Button type="submit" disabled={disabled}>
          {label}
        </Button>
      </div>
    </form>
  )
}
