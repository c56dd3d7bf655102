/**
 * Writes one value: shows device, tag, current → new with unit and range; what the tag asks for besides (a reason, the device's name, a
 * second person) is said before anything is typed; the button names the effect; the result says what the device reads back.
 */
import { Button, Modal, NativeSelect, SegmentedControl, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { writeValue, type JsonValue } from '../../api.ts'
import { exactWithUnit, formatDuration } from '../../format.ts'
import { useLive, useNow } from '../../live/context.ts'
import type { LiveTag } from '../../live/store.ts'
import { partStrings } from '../../strings/parts.ts'
import { Elapsed } from '../../parts/elapsed.tsx'
import { SeverityMark, StateMark } from '../../status-mark.tsx'
import { severityOf, useStatusInfo } from '../../status.ts'
import { valueWords } from '../../strings/value-words.ts'
import { writeStrings as words } from '../../strings/write.ts'
import { Refusal, Result, Waits } from './write-result.tsx'
import { limit, parseWritten, writeRange } from './write-value.ts'
import { lockText, useLock } from './writes/lock.tsx'

interface Props {
  readonly tag: LiveTag
  onClose(): void
}

/** More are chosen from a list. */
const MOST_BUTTONS = 5

export default function WriteDialog({ tag, onClose }: Props) {
  const lost = useLive((store) => store.connection.state !== 'open')
  const lock = useLock().data
  const queries = useQueryClient()
  const critical = tag.writing?.critical === true
  const [text, setText] = useState('')
  const [reason, setReason] = useState('')
  const [said, setSaid] = useState('')
  const parsed = parseWritten(text, tag)
  const value = 'value' in parsed ? parsed.value : null
  const write = useMutation({
    mutationFn: (wanted: JsonValue) => writeValue(tag, reason === '' ? { value: wanted } : { value: wanted, reason }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['GET /api/v1/writes/pending'] }),
  })
  const type = (typed: string) => {
    setText(typed)
    if (!write.isPending) write.reset()
  }
  const isConfirmed = !critical || (said === tag.device && reason.trim() !== '')
  const ready = value !== null && isConfirmed && !write.isPending && !lost && lock?.locked !== true
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (ready) write.mutate(value)
  }
  const show = (shown: JsonValue) => exactWithUnit(shown, tag.unit)
  return (
    <Modal size={520} opened onClose={onClose} title={<bdi>{words.title(tag.key)}</bdi>} centered>
      <form onSubmit={submit}>
        {lock?.locked === true && <Note text={lockText(lock)} />}
        <Facts tag={tag} next={value === null ? valueWords.values.none : show(value)} />
        <Asks tag={tag} />
        <NewValue tag={tag} text={text} wrong={'wrong' in parsed ? parsed.wrong : undefined} onType={type} />
        <TextInput
          mt="sm"
          label={words.reason}
          withAsterisk={critical}
          autoComplete="off"
          maxLength={1000}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {critical && (
          <TextInput
            mt="sm"
            autoComplete="off"
            label={partStrings.typeToConfirm(tag.device)}
            value={said}
            onChange={(event) => setSaid(event.currentTarget.value)}
          />
        )}
        <div role="status" className="result" data-testid="write-result">
          {write.isPending && <Elapsed label={words.busy} />}
          {write.isError && <Refusal error={write.error} show={show} />}
          {write.isSuccess &&
            ('expiresAt' in write.data ? <Waits pending={write.data} /> : <Result result={write.data} show={show} />)}
        </div>
        <div className="bar end">
          <Button variant="default" onClick={onClose}>
            {write.isSuccess ? words.close : words.cancel}
          </Button>
          <Button type="submit" className="effect" disabled={!ready}>
            {value === null ? words.incomplete : effect(tag, show(value))}
          </Button>
        </div>
      </form>
    </Modal>
  )
}

const effect = ({ key, writing }: LiveTag, value: string): string =>
  writing?.approval === true ? words.ask(value, key) : words.effect(value, key)

interface NewValueProps {
  readonly tag: LiveTag
  readonly text: string
  readonly wrong: string | undefined
  onType(text: string): void
}

function NewValue({ tag, text, wrong, onType }: NewValueProps) {
  const choices = choicesOf(tag)
  if (choices !== undefined && choices.length <= MOST_BUTTONS)
    return (
      <SegmentedControl
        fullWidth
        aria-label={words.newValue}
        value={text}
        onChange={onType}
        data={choices.map(([value, label]) => ({ value, label: label === value ? label : words.choice(value, label) }))}
      />
    )
  const label = tag.unit === null ? words.newValue : `${words.newValue} (${tag.unit})`
  if (choices !== undefined)
    return (
      <NativeSelect
        data-autofocus
        label={label}
        value={text}
        onChange={(event) => onType(event.currentTarget.value)}
        data={[
          { value: '', label: valueWords.values.none },
          ...choices.map(([value, name]) => ({ value, label: name === value ? name : words.choice(value, name) })),
        ]}
      />
    )
  return (
    <TextInput
      data-autofocus
      label={label}
      inputMode={tag.type === 'string' ? 'text' : 'decimal'}
      autoComplete="off"
      value={text}
      onChange={(event) => onType(event.currentTarget.value)}
      error={wrong}
    />
  )
}

function choicesOf({ type, writing }: LiveTag): readonly (readonly [string, string])[] | undefined {
  if (writing?.choices !== undefined && type !== 'bool') return writing.choices
  return type === 'bool'
    ? [
        ['false', valueWords.values.off],
        ['true', valueWords.values.on],
      ].map(
        ([value, label]) =>
          [
            value!,
            writing?.choices?.find(([number]) => (number === '1') === (value === 'true'))?.[1] ?? label!,
          ] as const,
      )
    : undefined
}

/** What this tag asks for besides a value. */
function Asks({ tag: { writing, unit } }: { tag: LiveTag }) {
  if (writing === undefined) return null
  return (
    <>
      {writing.critical === true && <Note text={words.critical} />}
      {writing.approval === true && <Note text={words.approval} />}
      {writing.interlock !== undefined && <Note text={words.interlock(writing.interlock)} />}
      {writing.step !== undefined && <Note text={words.step(exactWithUnit(writing.step, unit))} />}
    </>
  )
}

function Note({ text }: { text: string }) {
  return (
    <p className="state-word write-note">
      <StateMark state="Degraded" />
      <span>{text}</span>
    </p>
  )
}

function Facts({ tag, next }: { tag: LiveTag; next: string }) {
  useLive((store) => store.version)
  const now = useNow()
  const status = useStatusInfo()(tag.status)
  const { low, high } = writeRange(tag)
  const ranged = low !== null || high !== null
  const range = ranged ? words.rangeOf(limit(low, tag.type), limit(high, tag.type)) : words.noRange
  return (
    <dl className="facts">
      <dt>{words.device}</dt>
      <dd>{tag.device}</dd>
      <dt>{words.tag}</dt>
      <dd>
        {tag.tag}
        {tag.description !== null && <div className="quiet">{tag.description}</div>}
      </dd>
      <dt>{words.now}</dt>
      <dd>
        <strong className="numbers">{exactWithUnit(tag.value, tag.unit)}</strong>{' '}
        <span className="quiet state-word">
          <SeverityMark severity={severityOf(tag.status)} />
          {status.name}
          {tag.receivedAt !== null && tag.value !== null && `, ${formatDuration(now - tag.receivedAt)}`}
        </span>
      </dd>
      <dt>{words.next}</dt>
      <dd>
        <strong className="numbers" data-testid="write-next">
          {next}
        </strong>
      </dd>
      {tag.type !== 'bool' && (
        <>
          <dt>{words.range}</dt>
          <dd>
            {range} {ranged ? tag.unit : null}
          </dd>
        </>
      )}
    </dl>
  )
}
