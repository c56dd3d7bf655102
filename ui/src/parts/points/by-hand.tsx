/** Tags that somebody types, or pastes from a spreadsheet. */
import { Button, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { pointStrings } from '../../strings/points.ts'
import { SelectInput } from '../select-input.tsx'
import type { TagRow } from './tag-rows.ts'

const strings = pointStrings.hand

interface Props {
  readonly types: readonly string[]
  readonly addressExamples: readonly string[]
  /** The device is not asked for it afterwards. */
  readonly needsType?: boolean
  onAdd(rows: readonly TagRow[]): void
}

const NOTHING = { name: '', address: '', type: '', unit: '' }

export function ByHand({ types, addressExamples, needsType = false, onAdd }: Props) {
  const [row, setRow] = useState({ ...NOTHING, type: needsType ? (types[0] ?? '') : '' })
  const [missing, setMissing] = useState(false)
  const [pasted, setPasted] = useState('')
  const lines = rowsOf(pasted)
  const change = (part: Partial<typeof NOTHING>) => setRow((before) => ({ ...before, ...part }))
  const field = (name: 'name' | 'address' | 'unit', error?: string) => (
    <TextInput
      size="xs"
      label={pointStrings.columns[name]}
      autoComplete="off"
      spellCheck={false}
      error={error}
      value={row[name]}
      onChange={(event) => change({ [name]: event.currentTarget.value })}
    />
  )
  return (
    <>
      <form
        className="point-form"
        onSubmit={(event) => {
          event.preventDefault()
          setMissing(row.address.trim() === '')
          if (row.address.trim() === '') return
          onAdd([Object.fromEntries(Object.entries(row).filter(([, text]) => text.trim() !== ''))])
          setRow({ ...NOTHING, type: row.type })
        }}
      >
        {field('name')}
        {field('address', missing ? strings.needsAddress : undefined)}
        <SelectInput
          label={pointStrings.columns.type}
          value={row.type}
          choices={[
            ...(needsType ? [] : [{ value: '', label: strings.byDevice }]),
            ...types.map((value) => ({ value, label: value })),
          ]}
          onChange={(type) => change({ type })}
        />
        {field('unit')}
        <Button type="submit" size="xs">
          {pointStrings.add}
        </Button>
      </form>
      <p className="quiet">{strings.examples(addressExamples.slice(0, 6).join(', '))}</p>
      <details>
        <summary>{strings.paste}</summary>
        <Textarea
          size="xs"
          rows={6}
          aria-label={strings.paste}
          description={strings.pasteHelp}
          spellCheck={false}
          value={pasted}
          onChange={(event) => setPasted(event.currentTarget.value)}
        />
        <Button
          mt={6}
          size="xs"
          variant="default"
          disabled={lines.length === 0}
          onClick={() => {
            onAdd(lines)
            setPasted('')
          }}
        >
          {strings.pasteAdd(lines.length)}
        </Button>
      </details>
    </>
  )
}

/** `name, address, type, unit` a line; the separator that the line has. */
function rowsOf(text: string): readonly TagRow[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const separator = ['\t', ';', ','].find((one) => line.includes(one)) ?? ','
      const [name = '', address = '', type = '', unit = ''] = line.split(separator).map((cell) => cell.trim())
      const cells = address === '' ? { address: name } : { name, address, type, unit }
      return Object.fromEntries(Object.entries(cells).filter(([, cell]) => cell !== ''))
    })
}
