/** What a register may mean: every type in every order side by side, ranked; with a reading of the device's own display the right one stands out. */
import { Button, TextInput } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { pointStrings } from '../../strings/points.ts'
import { Elapsed } from '../elapsed.tsx'
import { Panel } from '../panel.tsx'
import { ProblemNote } from '../problem-note.tsx'
import type { TagRow } from './tag-rows.ts'
import type { ToolRunner } from './tool-runner.ts'
import { useWork } from './use-work.ts'

const strings = pointStrings.detect

interface Finding {
  readonly type: string
  readonly order: string
  readonly name: string
  readonly registers: number
  readonly value: string | number | boolean | null
  readonly score: number
  readonly reasons: readonly string[]
  readonly factor: number | null
  readonly same: readonly string[]
}

interface Detected {
  readonly address: string
  readonly hex: string
  readonly verdict: string
  readonly findings: readonly Finding[]
}

/** Below them are those that hardly make sense. */
const SHOWN = 8

interface Props {
  readonly address: string
  readonly runner: ToolRunner
  onTake(rows: readonly TagRow[]): void
  onClose(): void
}

export function ByteOrder({ address, runner, onTake, onClose }: Props) {
  const [given, setGiven] = useState({ reading: '', low: '', high: '', reads: '' })
  const [all, setAll] = useState(false)
  const [taken, setTaken] = useState('')
  const { run, data, busy, error } = useWork<Detected>()
  const ask = () =>
    run(async (signal) => {
      const numbers = Object.entries(given)
        .map(([name, text]) => [name, Number(text.replace(',', '.'))] as const)
        .filter(([name, value]) => given[name as keyof typeof given].trim() !== '' && Number.isFinite(value))
      return (await runner('detect', { address, ...Object.fromEntries(numbers) }, signal)) as Detected
    })
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    place.current?.scrollIntoView({ block: 'nearest' })
  }, [data])
  // At once for what was clicked; again when the form is sent.
  // eslint-disable-next-line react-hooks/exhaustive-deps
  useEffect(() => void ask(), [])
  const field = (name: keyof typeof given) => (
    <TextInput
      size="xs"
      inputMode="decimal"
      label={strings[name]}
      value={given[name]}
      onChange={(event) => setGiven({ ...given, [name]: event.currentTarget.value })}
    />
  )
  const findings = data?.findings ?? []
  const shown = all ? findings : findings.slice(0, SHOWN)
  return (
    <div ref={place}>
      <Panel
        className="byte-order"
        title={strings.title(address)}
        actions={
          <Button size="compact-xs" variant="default" onClick={onClose}>
            {strings.close}
          </Button>
        }
      >
        <form
          className="point-form"
          onSubmit={(event) => {
            event.preventDefault()
            void ask()
          }}
        >
          {field('reading')}
          {field('low')}
          {field('high')}
          {field('reads')}
          <Button type="submit" size="xs" disabled={busy}>
            {strings.run}
          </Button>
        </form>
        {busy && <Elapsed label={pointStrings.asking} />}
        <ProblemNote error={error} />
        {data !== undefined && (
          <>
            <p>
              {strings.hex} <code>{data.hex}</code> <span className="quiet">{data.verdict}</span>
            </p>
            <div className="scroll-x" tabIndex={0} role="group" aria-label={strings.table}>
              <table className="plain-table">
                <thead>
                  <tr>
                    <th className="right">{strings.score}</th>
                    <th>{strings.kind}</th>
                    <th className="right">{strings.value}</th>
                    <th>{strings.why}</th>
                    <th />
                  </tr>
                </thead>
                <tbody>
                  {shown.map((finding) => (
                    <tr key={`${finding.type} ${finding.order} ${finding.registers}`} data-finding={finding.name}>
                      <td className="right numbers">{finding.score} %</td>
                      <td>{finding.name}</td>
                      <td className="right numbers">{shownValue(finding.value)}</td>
                      <td className="quiet">{whyOf(finding)}</td>
                      <td>
                        {!finding.type.startsWith('bcd') && (
                          <Button
                            size="compact-xs"
                            variant="default"
                            aria-label={strings.take(finding.name)}
                            onClick={() => {
                              onTake([rowOf(data.address, finding)])
                              setTaken(strings.taken(data.address, finding.name))
                            }}
                          >
                            {strings.take('')}
                          </Button>
                        )}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            {!all && findings.length > SHOWN && (
              <Button size="compact-xs" variant="default" onClick={() => setAll(true)}>
                {strings.more(findings.length - SHOWN)}
              </Button>
            )}
            <p role="status">{taken}</p>
          </>
        )}
      </Panel>
    </div>
  )
}

const shownValue = (value: Finding['value']): string =>
  typeof value === 'number' ? String(Number(value.toPrecision(9))) : String(value ?? '–')

const whyOf = ({ reasons, same }: Finding): string =>
  [...reasons, ...(same.length === 0 ? [] : [strings.same(same.join(', '))])].join('; ')

const rowOf = (address: string, { type, order, registers, factor }: Finding): TagRow => ({
  address,
  type,
  ...(order === 'ABCD' ? {} : { order }),
  ...(type === 'string' ? { length: String(registers * 2) } : {}),
  ...(factor === null || factor === 1 ? {} : { scale: String(factor) }),
})
