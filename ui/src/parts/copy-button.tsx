/** Puts a text on the clipboard, and says so. */
import { Button } from '@mantine/core'
import { useEffect, useState } from 'react'
import { partStrings as strings } from '../strings/parts.ts'

export function CopyButton({ text, label = strings.copy }: { text: string; label?: string }) {
  const [copied, setCopied] = useState<boolean>()
  useEffect(() => {
    if (copied === undefined) return
    const timer = setTimeout(() => setCopied(undefined), copied ? 2000 : 8000)
    return () => clearTimeout(timer)
  }, [copied])
  const told = copied === undefined ? undefined : copied ? strings.copied : strings.notCopied
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={() => void copyText(text).then(setCopied)}>
        {told ?? label}
      </Button>
      <span role="status" className="sr-only">
        {told}
      </span>
    </>
  )
}

/** True when it is there. Pages over plain HTTP have no clipboard of their own: then by the selection, as before there was one. */
export async function copyText(text: string): Promise<boolean> {
  if (isSecureContext)
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    )
  const before = document.activeElement
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  const done = document.execCommand('copy')
  area.remove()
  // Whoever works by keyboard goes on where they were.
  if (before instanceof HTMLElement) before.focus()
  return done
}
