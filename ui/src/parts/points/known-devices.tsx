/** Tags of devices that the library knows: nobody has to type what the document of the maker says. */
import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useAsk } from '../../api/ask.ts'
import type { Operations } from '../../api/operations.ts'
import { pointStrings } from '../../strings/points.ts'
import { Asked } from '../asked.tsx'
import { matchesWords } from '../filter-input.tsx'
import './points.css'
import { toTagRow, type TagRow } from './tag-rows.ts'

const strings = pointStrings.known
type Template = Operations['GET /api/v1/templates']['answer']['templates'][number]

interface Props {
  /** Only those of this driver. */
  readonly driver: string
  /** `options`: what holds for every such device. */
  onTake(rows: readonly TagRow[], options: Template['options']): void
}

export function KnownDevices({ driver, onTake }: Props) {
  const templates = useAsk('GET /api/v1/templates', {})
  const [filter, setFilter] = useState('')
  return (
    <Asked query={templates}>
      {(answer) => {
        const offered = answer.templates.filter((one) => one.driver === driver)
        const shown = offered.filter(({ name, summary, document }) => matchesWords(filter, [name, summary, document]))
        if (offered.length === 0) return <p className="quiet">{strings.none}</p>
        return (
          <>
            <p className="quiet">{strings.why}</p>
            <TextInput
              size="xs"
              className="filter"
              label={strings.filter}
              value={filter}
              onChange={(event) => setFilter(event.currentTarget.value)}
            />
            <ul className="known" aria-label={pointStrings.template}>
              {shown.map((one) => (
                <li key={one.name}>
                  <strong>{one.summary}</strong>
                  <span className="quiet">{one.document}</span>
                  <Button
                    size="compact-xs"
                    variant="default"
                    aria-label={strings.takeOf(one.tags.length, one.name)}
                    onClick={() => onTake(one.tags.map(toTagRow), one.options)}
                  >
                    {strings.take(one.tags.length)}
                  </Button>
                </li>
              ))}
            </ul>
          </>
        )
      }}
    </Asked>
  )
}
