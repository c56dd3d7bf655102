/** Why something is done, for the audit log. */
import { TextInput } from '@mantine/core'
import { sinkStrings } from '../../strings/sinks.ts'

export function ReasonInput({ value, onChange }: { value: string; onChange(value: string): void }) {
  return (
    <TextInput
      mt="sm"
      label={sinkStrings.why}
      maxLength={500}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}
