/** An answer whose form is the driver's own: facts as facts, lists of things as tables, and the whole of it as a file. */
import { Button } from '@mantine/core'
import { formatCount } from '../format.ts'
import { answerStrings as strings } from '../strings/answer.ts'
import { saveFile } from './download.ts'
import './points/points.css'

const MOST_ROWS = 200
const MOST_DEPTH = 4

export function AnswerView({ answer, name }: { answer: unknown; name: string }) {
  return (
    <div className="answer" data-testid="answer">
      <Part value={answer} name={name} depth={0} />
      <Button
        mt={8}
        size="compact-xs"
        variant="default"
        onClick={() =>
          saveFile(`${name}.json`, new Blob([JSON.stringify(answer, null, 2)], { type: 'application/json' }))
        }
      >
        {strings.download}
      </Button>
    </div>
  )
}

interface PartProps {
  readonly value: unknown
  readonly name: string
  readonly depth: number
}

function Part({ value, name, depth }: PartProps) {
  if (Array.isArray(value)) return <List values={value} name={name} depth={depth} />
  if (!isRecord(value)) return <>{textOf(value)}</>
  if (depth >= MOST_DEPTH) return <pre className="hex">{JSON.stringify(value, null, 2)}</pre>
  const entries = Object.entries(value).filter(([, one]) => one !== undefined)
  if (entries.length === 0) return <p className="quiet">{strings.nothing}</p>
  const plain = entries.filter(([, one]) => !isLarge(one))
  return (
    <>
      {plain.length > 0 && (
        <dl className="facts">
          {plain.map(([key, one]) => (
            <div key={key} className="fact">
              <dt>{key}</dt>
              <dd>{textOf(one)}</dd>
            </div>
          ))}
        </dl>
      )}
      {entries
        .filter(([, one]) => isLarge(one))
        .map(([key, one]) => (
          <section key={key}>
            <h3 className="answer-head">{key}</h3>
            <Part value={one} name={key} depth={depth + 1} />
          </section>
        ))}
    </>
  )
}

function List({ values, name, depth }: { values: readonly unknown[]; name: string; depth: number }) {
  if (values.length === 0) return <p className="quiet">{strings.nothing}</p>
  const shown = values.slice(0, MOST_ROWS)
  const rest = values.length - shown.length
  const columns = [...new Set(shown.flatMap((value) => (isRecord(value) ? Object.keys(value) : [])))]
  const lines = shown.map((value, at) => ({ value, key: String(at) }))
  return (
    <>
      {columns.length === 0 ? (
        <pre className="hex">{shown.map(textOf).join('\n')}</pre>
      ) : (
        <div className="scroll-x" tabIndex={0} role="group" aria-label={strings.rows(name)}>
          <table className="plain-table">
            <thead>
              <tr>
                {columns.map((column) => (
                  <th key={column}>{column}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {lines.map(({ value, key }) => (
                <tr key={key}>
                  {columns.map((column) => {
                    const cell = isRecord(value) ? value[column] : undefined
                    return (
                      <td key={column} className={typeof cell === 'number' ? 'numbers right' : undefined}>
                        {Array.isArray(cell) && cell.some(isRecord) && depth < MOST_DEPTH ? (
                          <Part value={cell} name={column} depth={depth + 1} />
                        ) : (
                          textOf(cell)
                        )}
                      </td>
                    )
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {rest > 0 && <p className="quiet">{strings.more(formatCount(rest))}</p>}
    </>
  )
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Stands below the facts, with a heading of its own. */
const isLarge = (value: unknown): boolean =>
  isRecord(value) || (Array.isArray(value) && (value.some(isRecord) || value.length > 8))

function textOf(value: unknown): string {
  if (value === undefined || value === null || value === '') return strings.none
  if (typeof value === 'boolean') return value ? strings.yes : strings.no
  if (Array.isArray(value)) return value.map(textOf).join(', ')
  if (isRecord(value))
    return Object.entries(value)
      .map(([key, one]) => `${key} ${textOf(one)}`)
      .join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
