/**
 * One tag explained, from the bytes on the wire to the acknowledgement of every sink: one page from top to bottom in the order of the
 * flow. The tag is in the address: `/explain?device=press-1&tag=level`.
 */
import './explain.css'
import { Button, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useAsk } from '../../api/ask.ts'
import { formatDuration, formatMoment } from '../../format.ts'
import { useLive, useLiveStore, useNow } from '../../live/context.ts'
import type { LiveStore } from '../../live/store.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Elapsed } from '../../parts/elapsed.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'
import { hrefOf, navigate, useAddress } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { SeverityMark } from '../../status-mark.tsx'
import { explainStrings as words } from '../../strings/explain.ts'
import { explainText } from './explain-text.ts'
import { SinksPart } from './sinks-part.tsx'
import { StepsPart } from './steps-part.tsx'
import { StorePart, TagPart, ValuePart } from './value-parts.tsx'
import { WirePart } from './wire-part.tsx'

export default function Explain() {
  const { query } = useAddress()
  const [device, tag] = [query.get('device') ?? '', query.get('tag') ?? '']
  return (
    <div className="explain">
      <h1 className="screen-title">{words.title}</h1>
      <TagChoice key={`${device}/${tag}`} device={device} tag={tag} />
      {device === '' || tag === '' ? (
        <EmptyState title={words.choose} text={words.chooseWhy} />
      ) : (
        <Explained key={`${device}/${tag}`} device={device} tag={tag} />
      )}
    </div>
  )
}

const MOST_LISTED = 200

function TagChoice({ device, tag }: { device: string; tag: string }) {
  const store = useLiveStore()
  const structure = useLive((live) => live.structure)
  const [typed, setTyped] = useState(device === '' ? '' : `${device}/${tag}`)
  const [wrong, setWrong] = useState(false)
  const words0 = typed.toLowerCase().split(/\s+/).filter(Boolean)
  const found: string[] = []
  for (const { key, searched } of structure > 0 ? store.tags : []) {
    if (found.length >= MOST_LISTED) break
    if (words0.every((word) => searched.includes(word))) found.push(key)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const chosen = store.find(typed) ?? store.find(found.length === 1 ? found[0]! : '') ?? unseen(store, typed)
    setWrong(chosen === undefined)
    if (chosen !== undefined) navigate(hrefOf('/explain', { device: chosen.device, tag: chosen.tag }))
  }
  return (
    <form className="bar" onSubmit={submit}>
      <TextInput
        size="xs"
        className="explain-choice"
        aria-label={words.choose}
        placeholder={words.hint}
        list="explain-tags"
        value={typed}
        error={wrong ? words.noSuch : undefined}
        onChange={(event) => {
          setTyped(event.currentTarget.value)
          setWrong(false)
        }}
      />
      <datalist id="explain-tags">
        {found.map((key) => (
          <option key={key} value={key} />
        ))}
      </datalist>
      <Button size="compact-sm" type="submit" variant="default">
        {words.show}
      </Button>
    </form>
  )
}

/** Of very many tags the page has only a part: whether there is such a one the gateway says. */
function unseen(store: LiveStore, typed: string): { device: string; tag: string } | undefined {
  const slash = typed.indexOf('/')
  if (store.partOf === undefined || slash < 0 || store.device(typed.slice(0, slash)) === undefined) return undefined
  return { device: typed.slice(0, slash), tag: typed.slice(slash + 1) }
}

function Explained({ device, tag }: { device: string; tag: string }) {
  const query = useAsk('GET /api/v1/explain/{device}/{tag}', { params: { device, tag }, query: {} })
  const { data, error, isFetching } = query
  return (
    <>
      <div className="bar">
        <Button size="compact-sm" disabled={isFetching} onClick={() => void query.refetch()}>
          {words.again}
        </Button>
        {data !== undefined && <CopyButton text={explainText(data)} label={words.copyAll} />}
        <Link href={hrefOf('/values', { q: `${device}/${tag}`, pens: `${device}/${tag}` })}>{words.toValues}</Link>
        <Link href={hrefOf('/trace', { device })}>{words.toTrace}</Link>
        {isFetching && <Elapsed label={words.asking} />}
        {data !== undefined && <AskedAt time={data.askedAt} />}
      </div>
      <ProblemNote error={error} what={words.failed} onRetry={() => void query.refetch()} />
      {data !== undefined && (
        <div className={isFetching ? 'explained aged' : 'explained'} data-testid="explained">
          <p className="state-word explain-fate">
            <SeverityMark severity={data.fate === 'stored' || data.fate === 'held-back' ? 'good' : 'bad'} />
            <span>
              <strong>{words.fates[data.fate]}</strong> {data.reason}
            </span>
          </p>
          <TagPart explained={data} />
          <WirePart explained={data} />
          <ValuePart explained={data} />
          <StepsPart explained={data} />
          <StorePart explained={data} />
          <SinksPart explained={data} />
        </div>
      )}
    </>
  )
}

/** What is explained stands still: how old it is. */
function AskedAt({ time }: { time: string }) {
  const now = useNow()
  const at = Date.parse(time)
  return (
    <span className="quiet numbers" title={formatMoment(at)} data-testid="asked-at">
      {words.askedAt(formatDuration(now - at))}
    </span>
  )
}
