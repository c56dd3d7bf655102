/** One tag in full: value, quality with its reasons, times in local and UTC, limits. Needs no hover, so it serves fingers and keys. */
import { Button, Modal } from '@mantine/core'
import { useState } from 'react'
import { exactWithUnit, formatDuration, formatMoment, isoTime, statusHex } from '../../format.ts'
import { useLive, useLiveStore, useNow } from '../../live/context.ts'
import type { LiveTag } from '../../live/store.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { hrefOf } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { useMay } from '../../shell/permissions.ts'
import { SeverityMark, StateMark } from '../../status-mark.tsx'
import { severityOf, useStatusInfo } from '../../status.ts'
import { valueWords } from '../../strings/value-words.ts'
import { writeStrings } from '../../strings/write.ts'
import { valuesStrings } from '../../strings/values.ts'
import { RawBytes } from './raw-bytes.tsx'
import { limit, writeRange } from './write-value.ts'

interface Props {
  readonly tag: LiveTag
  onWrite(key: string): void
  onClose(): void
}

const words = valueWords.facts

export default function ValueFacts({ tag, onWrite, onClose }: Props) {
  const lost = useLive((store) => store.connection.state !== 'open')
  const diagnose = useMay('diagnose')
  const [raw, setRaw] = useState(false)
  return (
    <Modal size={560} opened onClose={onClose} title={<bdi>{tag.key}</bdi>} centered>
      <dl className="facts" data-testid="facts">
        <ValueRows tag={tag} lost={lost} />
        <DeviceRows tag={tag} />
        <LimitRows tag={tag} />
      </dl>
      {diagnose && (
        <details className="facts-raw" onToggle={(event) => setRaw(event.currentTarget.open)}>
          <summary>{valuesStrings.raw.title}</summary>
          {raw && <RawBytes device={tag.device} tag={tag.tag} />}
        </details>
      )}
      <div className="bar end">
        <CopyButton text={tag.key} label={valuesStrings.copyPath} />
        {diagnose && (
          <Link href={hrefOf('/explain', { device: tag.device, tag: tag.tag })}>{valuesStrings.explain}</Link>
        )}
        <span className="grow" />
        <Button variant="default" onClick={onClose}>
          {writeStrings.close}
        </Button>
        {tag.writable && (
          <Button disabled={lost} onClick={() => onWrite(tag.key)}>
            {valueWords.values.write} …
          </Button>
        )}
      </div>
    </Modal>
  )
}

function ValueRows({ tag, lost }: { tag: LiveTag; lost: boolean }) {
  useLive((store) => store.version)
  const now = useNow()
  const info = useStatusInfo()(tag.status)
  const severity = severityOf(tag.status)
  const aged = lost || severity !== 'good'
  return (
    <>
      <dt>{words.value}</dt>
      <dd className={aged ? 'aged-value' : undefined}>
        <strong className="numbers">
          <bdi>{exactWithUnit(tag.value, tag.unit)}</bdi>
        </strong>
        {tag.text !== null && <bdi> {tag.text}</bdi>}{' '}
        {aged && tag.value !== null && <span className="quiet">{valueWords.values.lastKnown}</span>}
      </dd>
      <dt>{words.status}</dt>
      <dd>
        <span className="state-word">
          <SeverityMark severity={severity} />
          {info.name} <span className="quiet">{statusHex(tag.status)}</span>
        </span>
        <div>{tag.reason ?? info.text}</div>
      </dd>
      <dt>{words.time}</dt>
      <dd className="numbers">
        {formatMoment(tag.time)}
        <div className="quiet">{isoTime(tag.time)}</div>
      </dd>
      <dt>{words.read}</dt>
      <dd className="numbers">
        {tag.receivedAt === null || tag.value === null
          ? words.neverRead
          : words.ago(formatDuration(now - tag.receivedAt))}
        <div className="quiet">{tag.value === null ? null : formatMoment(tag.receivedAt)}</div>
      </dd>
    </>
  )
}

function DeviceRows({ tag }: { tag: LiveTag }) {
  const store = useLiveStore()
  useLive((live) => live.devices)
  const device = store.device(tag.device)
  if (device === undefined) return null
  return (
    <>
      <dt>{words.device}</dt>
      <dd>
        <span className="state-word">
          <StateMark state={device.state} />
          <bdi>{device.name}</bdi> {device.state}
        </span>
        {device.reason !== null && <div>{device.reason}</div>}
        <div className="quiet">
          {device.driver} · {device.endpoint}
        </div>
      </dd>
    </>
  )
}

function LimitRows({ tag }: { tag: LiveTag }) {
  const range = (low: number | null, high: number | null) =>
    `${writeStrings.rangeOf(limit(low, tag.type), limit(high, tag.type))} ${tag.unit ?? ''}`
  const writable = writeRange(tag)
  return (
    <>
      {tag.description !== null && (
        <>
          <dt>{words.description}</dt>
          <dd>{tag.description}</dd>
        </>
      )}
      <dt>{words.type}</dt>
      <dd>{tag.type}</dd>
      {(tag.low !== null || tag.high !== null) && (
        <>
          <dt>{words.range}</dt>
          <dd>{range(tag.low, tag.high)}</dd>
        </>
      )}
      {tag.writable && (writable.low !== null || writable.high !== null) && (
        <>
          <dt>{words.writeRange}</dt>
          <dd>{range(writable.low, writable.high)}</dd>
        </>
      )}
    </>
  )
}
