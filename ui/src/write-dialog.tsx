/**
 * Writes one value: shows device, tag, current → new with unit and range; the button names the effect; the result says what
 * the device reads back.
 */
import { Button, Modal, SegmentedControl, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { ProblemError, writeValue, type JsonValue, type StatusRef, type WriteView } from './api.ts'
import { exactWithUnit, formatDuration, statusHex } from './format.ts'
import { useLive, useNow } from './live/context.ts'
import type { LiveTag } from './live/store.ts'
import { SeverityMark } from './status-mark.tsx'
import { severityOf, useStatusInfo } from './status.ts'
import { strings } from './strings.ts'
import { isSame, limit, parseWritten, refusalText, writeRange } from './write-value.ts'

interface Props {
  readonly tag: LiveTag
  onClose(): void
}

const words = strings.write

export default function WriteDialog({ tag, onClose }: Props) {
  const lost = useLive((store) => store.connection.state === 'lost')
  const [text, setText] = useState('')
  const [reason, setReason] = useState('')
  const parsed = parseWritten(text, tag)
  const value = 'value' in parsed ? parsed.value : null
  const write = useMutation({
    mutationFn: (wanted: JsonValue) => writeValue(tag, reason === '' ? { value: wanted } : { value: wanted, reason }),
  })
  const type = (typed: string) => {
    setText(typed)
    if (!write.isPending) write.reset()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (value !== null && !write.isPending) write.mutate(value)
  }
  const show = (shown: JsonValue) => exactWithUnit(shown, tag.unit)
  return (
    <Modal
      size={520}
      opened
      onClose={onClose}
      title={<bdi>{words.title(tag.key)}</bdi>}
      centered
      closeButtonProps={{ 'aria-label': words.close }}
    >
      <form onSubmit={submit}>
        <Facts tag={tag} next={value === null ? strings.values.none : show(value)} />
        {tag.type === 'bool' ? (
          <SegmentedControl
            fullWidth
            aria-label={words.newValue}
            value={text}
            onChange={type}
            data={[
              { value: 'false', label: strings.values.off },
              { value: 'true', label: strings.values.on },
            ]}
          />
        ) : (
          <TextInput
            data-autofocus
            label={tag.unit === null ? words.newValue : `${words.newValue} (${tag.unit})`}
            inputMode={tag.type === 'string' ? 'text' : 'decimal'}
            autoComplete="off"
            value={text}
            onChange={(event) => type(event.currentTarget.value)}
            error={'wrong' in parsed ? parsed.wrong : undefined}
          />
        )}
        <TextInput
          mt="sm"
          label={words.reason}
          autoComplete="off"
          maxLength={1000}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <div role="status" className="result" data-testid="write-result">
          {write.isPending && words.busy}
          {write.isError && <Refusal error={write.error} show={show} />}
          {write.isSuccess && <Result result={write.data} show={show} />}
        </div>
        <div className="bar end">
          <Button variant="default" onClick={onClose}>
            {write.isSuccess ? words.close : words.cancel}
          </Button>
          <Button type="submit" className="effect" disabled={value === null || write.isPending || lost}>
            {value === null ? words.incomplete : words.effect(show(value), tag.key)}
          </Button>
        </div>
      </form>
    </Modal>
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

function Result({ result, show }: { result: WriteView; show: (value: JsonValue) => string }) {
  const { status, readBack, readBackStatus } = result
  const nameOf = useStatusInfo()
  const told = (code: number) => `${nameOf(code).name}. ${nameOf(code).text}`
  if (severityOf(status.code) === 'bad') return <Outcome ok={false} text={words.refused(told(status.code))} />
  if (readBackStatus === null || severityOf(readBackStatus.code) === 'bad' || readBack === null) {
    return <Outcome ok={false} text={words.unread(readBackStatus === null ? '' : told(readBackStatus.code))} />
  }
  if (!isSame(readBack, result.value)) return <Outcome ok={false} text={words.differs(show(readBack))} />
  return (
    <>
      <Outcome ok text={words.done(show(readBack), String(Math.round(result.durationMs)))} />
      {result.remark !== null && <p className="quiet">{result.remark}</p>}
    </>
  )
}

/** What was refused: the sentence and the next step, and underneath what the protocol said. */
function Refusal({ error, show }: { error: Error; show: (value: JsonValue) => string }) {
  if (!(error instanceof ProblemError)) return <Outcome ok={false} text={words.unknown} />
  const { code, help, httpStatus, result } = error
  const { status, readBack, readBackStatus } = result
  const told = ({ code: number, name }: StatusRef) => `${name} (${statusHex(number)})`
  return (
    <>
      <Outcome ok={false} text={refusalText(code, error.message)} />
      {help !== undefined && <p>{help}</p>}
      <details className="quiet">
        <summary>{words.details}</summary>
        <p>
          {words.detailCode}: {code} (HTTP {httpStatus})
        </p>
        {status !== undefined && (
          <p>
            {words.detailStatus}: {told(status)}
          </p>
        )}
        {readBackStatus !== undefined && (
          <p>
            {words.detailReadBack}: {show(readBack ?? null)}, {told(readBackStatus)}
          </p>
        )}
      </details>
    </>
  )
}

function Outcome({ ok, text }: { ok: boolean; text: string }) {
  return (
    <p className="state-word">
      <SeverityMark severity={ok ? 'good' : 'bad'} />
      {text}
    </p>
  )
}
