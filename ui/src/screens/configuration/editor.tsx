/**
 * A text with the numbers of its lines, and a mark at each line that has a problem. A plain field of the browser: undo, search and a screen
 * reader work as everywhere; only the numbers in sight exist.
 */
import { useEffect, useMemo, useRef, useState, type Ref, useImperativeHandle } from 'react'
import { StateMark } from '../../status-mark.tsx'
import { configurationStrings } from '../../strings/configuration.ts'

const strings = configurationStrings.files
const LINE_PX = 20
/** Above the first line. */
const PADDING_PX = 6

export interface LineMark {
  readonly severity: 'error' | 'warning'
  readonly text: string
}

export interface EditorHandle {
  goTo(line: number): void
}

interface Props {
  readonly label: string
  readonly text: string
  readonly readOnly: boolean
  /** By line, from 1. */
  readonly marks: ReadonlyMap<number, LineMark>
  readonly handle: Ref<EditorHandle>
  onChange(text: string): void
}

export function Editor({ label, text: given, readOnly, marks, handle, onChange }: Props) {
  // As the field has it, so that places in it are those of the field; `withLineEnds` gives back what is left out.
  const text = useMemo(() => given.replaceAll(/\r\n?/g, '\n'), [given])
  const area = useRef<HTMLTextAreaElement>(null)
  const [top, setTop] = useState(0)
  const [heightPx, setHeightPx] = useState(600)
  const starts = useMemo(() => lineStarts(text), [text])
  useEffect(() => {
    const watch = new ResizeObserver(() => setHeightPx(area.current?.clientHeight ?? 600))
    if (area.current !== null) watch.observe(area.current)
    return () => watch.disconnect()
  }, [])
  useImperativeHandle(handle, () => ({
    goTo(line) {
      const field = area.current
      if (field === null) return
      const from = starts[Math.min(line, starts.length) - 1] ?? 0
      const to = (starts[line] ?? text.length + 1) - 1
      field.focus()
      field.setSelectionRange(from, Math.max(from, to))
      field.scrollTop = Math.max(0, (line - 4) * LINE_PX)
      field.scrollLeft = 0
    },
  }))
  const first = Math.max(0, Math.floor((top - PADDING_PX) / LINE_PX))
  const last = Math.min(starts.length, first + Math.ceil(heightPx / LINE_PX) + 2)
  const lines = Array.from({ length: Math.max(0, last - first) }, (_, nth) => first + nth + 1)
  return (
    <div className="editor">
      <div className="editor-lines numbers" style={{ width: `${String(starts.length).length + 4}ch` }}>
        <div style={{ transform: `translateY(${first * LINE_PX + PADDING_PX - top}px)` }}>
          {lines.map((line) => {
            const mark = marks.get(line)
            return (
              <div key={line} className="editor-line" data-severity={mark?.severity} title={mark?.text}>
                {mark !== undefined && <StateMark state={mark.severity === 'error' ? 'Failed' : 'Degraded'} />}
                <span>{line}</span>
              </div>
            )
          })}
        </div>
      </div>
      <textarea
        ref={area}
        className="editor-text"
        aria-label={label}
        dir="ltr"
        wrap="off"
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        readOnly={readOnly}
        title={readOnly ? strings.readOnly : undefined}
        value={text}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    </div>
  )
}

/** Where each line begins. */
function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}
