/** The text filter of a list, kept in the address. `/` goes to it from anywhere. */
import { TextInput } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { useQueryPart } from '../shell/address.ts'
import { partStrings as strings } from '../strings/parts.ts'

export { matchesWords } from './matches-words.ts'

interface Props {
  /** The word in the query. */
  readonly name?: string
  /** What is looked into. */
  readonly hint: string
}

export function FilterInput({ name = 'q', hint }: Props) {
  const [value, change] = useQueryPart(name)
  const input = useRef<HTMLInputElement>(null)
  useSlash(input)
  return (
    <TextInput
      ref={input}
      size="xs"
      className="filter"
      aria-label={strings.filter}
      placeholder={hint}
      value={value}
      onChange={(event) => change(event.currentTarget.value)}
    />
  )
}

/** `/` anywhere but in a field puts the cursor there. */
export function useSlash(input: React.RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const at = event.target as HTMLElement
      if (event.key !== '/' || event.ctrlKey || event.metaKey || at.closest('input,textarea,select,[role=dialog]'))
        return
      event.preventDefault()
      input.current?.focus()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [input])
}
