/** What of the audit log is shown: person, action, object, outcome and time, all in the address. */
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useMemo } from 'react'
import type { Operations } from '../../api/operations.ts'
import { changeQuery, useAddress, useQueryPart } from '../../shell/address.ts'
import { auditStrings } from '../../strings/audit.ts'

const strings = auditStrings.filters
const TEXTS = ['user', 'action', 'object'] as const
const TIMES = ['from', 'to'] as const
const NAMES = [...TEXTS, 'outcome', ...TIMES] as const
/** Until whoever types has stopped. */
const CALM_MS = 250

type Query = Operations['GET /api/v1/audit']['query']
type Outcome = NonNullable<NonNullable<Query>['outcome']>
const OUTCOMES = Object.keys(strings.outcomes) as ('' | Outcome)[]

/** The filters as the API takes them. */
export function useFilters(): NonNullable<Query> {
  const { query } = useAddress()
  const [text] = useDebouncedValue(NAMES.map((name) => query.get(name) ?? '').join('\n'), CALM_MS)
  return useMemo(() => {
    const [user = '', action = '', object = '', outcome = '', from = '', to = ''] = text.split('\n')
    const wanted = OUTCOMES.find((one) => one === outcome && one !== '')
    return {
      ...wordOf('user', user),
      ...wordOf('action', action),
      ...wordOf('object', object),
      ...(wanted === undefined || wanted === '' ? {} : { outcome: wanted }),
      ...timeOf('from', from),
      ...timeOf('to', to),
    }
  }, [text])
}

/** A part of the word is enough, unless somebody says exactly which by a pattern of their own. */
const wordOf = <K extends (typeof TEXTS)[number]>(key: K, text: string) =>
  text.trim() === '' ? {} : { [key]: text.includes('*') ? text.trim() : `*${text.trim()}*` }

const timeOf = <K extends (typeof TIMES)[number]>(key: K, text: string) =>
  Number.isNaN(Date.parse(text)) ? {} : { [key]: new Date(text).toISOString() }

export function Filters() {
  const { query } = useAddress()
  const [outcome, setOutcome] = useQueryPart('outcome')
  const some = NAMES.some((name) => query.has(name))
  return (
    <div className="bar audit-filters" role="search" aria-label={strings.label}>
      {TEXTS.map((name) => (
        <TextFilter key={name} name={name} />
      ))}
      <NativeSelect
        size="xs"
        label={strings.outcome}
        value={outcome}
        data={OUTCOMES.map((value) => ({ value, label: strings.outcomes[value] }))}
        onChange={(event) => setOutcome(event.currentTarget.value)}
      />
      {TIMES.map((name) => (
        <TimeFilter key={name} name={name} />
      ))}
      {some && (
        <Button
          size="compact-xs"
          variant="default"
          onClick={() => changeQuery(Object.fromEntries(NAMES.map((name) => [name, undefined])))}
        >
          {strings.clear}
        </Button>
      )}
    </div>
  )
}

function TextFilter({ name }: { name: (typeof TEXTS)[number] }) {
  const [value, change] = useQueryPart(name)
  return (
    <TextInput
      size="xs"
      label={strings[name]}
      placeholder={strings.pattern}
      maxLength={300}
      value={value}
      onChange={(event) => change(event.currentTarget.value)}
    />
  )
}

function TimeFilter({ name }: { name: (typeof TIMES)[number] }) {
  const [value, change] = useQueryPart(name)
  const isTime = value === '' || !Number.isNaN(Date.parse(value))
  return (
    <TextInput
      size="xs"
      type="datetime-local"
      label={strings[name]}
      error={isTime ? undefined : strings.badTime}
      value={isTime ? localOf(value) : ''}
      onChange={(event) => {
        const at = new Date(event.currentTarget.value)
        change(Number.isNaN(at.getTime()) ? '' : at.toISOString())
      }}
    />
  )
}

/** An instant as `datetime-local` wants it: in the zone of whoever looks. */
function localOf(text: string): string {
  if (text === '') return ''
  const at = new Date(text)
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
