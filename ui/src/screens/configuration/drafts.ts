/** Files as somebody has rewritten them here: kept while they look at others, brought together with what somebody else did, applied at once. */
import { useCallback, useRef, useState } from 'react'
import { callTagged } from '../../api/client.ts'
import { configurationStrings } from '../../strings/configuration.ts'
import { merged } from './line-diff.ts'
import { withLineEnds } from './line-ends.ts'

export interface FileText {
  readonly path: string
  readonly text: string
  readonly masked: number
  /** The ETag of the version that it is of. */
  readonly tag: string | undefined
}

export interface Draft {
  readonly base: FileText
  readonly text: string
}

export async function fileText(path: string, signal?: AbortSignal): Promise<FileText> {
  const { answer, tag } = await callTagged('GET /api/v1/config/file', { query: { path }, signal })
  return { path, text: answer.text, masked: answer.masked, tag }
}

type Drafts = ReadonlyMap<string, Draft>

export function useDrafts() {
  const [drafts, setDrafts] = useState<Drafts>(new Map())
  // Also for what is answered later than somebody types.
  const latest = useRef(drafts)
  const put = useCallback((next: Drafts) => {
    latest.current = next
    setDrafts(next)
  }, [])
  const write = useCallback(
    (base: FileText, typed: string) => {
      const next = new Map(latest.current)
      const before = next.get(base.path)
      const kept = before?.base ?? base
      const text = withLineEnds(before?.text ?? kept.text, typed)
      if (text === kept.text) next.delete(base.path)
      else next.set(base.path, { base: kept, text })
      put(next)
    },
    [put],
  )
  const drop = useCallback(
    (path?: string) =>
      put(path === undefined ? new Map() : new Map([...latest.current].filter(([one]) => one !== path))),
    [put],
  )
  /** On top of what the gateway has by now; gives how many places both have changed. */
  const bringTogether = useCallback(async () => {
    const marks = configurationStrings.apply
    const theirs = await Promise.all([...latest.current.keys()].map((path) => fileText(path)))
    let conflicts = 0
    const next = new Map(latest.current)
    for (const one of theirs) {
      const draft = next.get(one.path)
      if (draft === undefined) continue
      const both = merged(draft.base.text, draft.text, one.text, marks)
      conflicts += both.conflicts
      if (both.text === one.text) next.delete(one.path)
      else next.set(one.path, { base: one, text: both.text })
    }
    put(next)
    return conflicts
  }, [put])
  return { drafts, write, drop, bringTogether }
}

export const textsOf = (drafts: ReadonlyMap<string, Draft>): Record<string, string> =>
  Object.fromEntries([...drafts].map(([path, { text }]) => [path, text]))
