/**
 * A state as shape and word, never colour alone: healthy is a grey ring, abnormal has shape and colour of its own (ISA-101).
 */
import type { SessionState } from './api.ts'
import type { Severity } from './status.ts'

type Shape = 'ring' | 'square' | 'triangle' | 'circle' | 'dashed'

const BY_SEVERITY: Record<Severity, Shape> = { good: 'ring', uncertain: 'triangle', bad: 'square' }
const BY_STATE: Record<SessionState, Shape> = {
  Running: 'ring',
  Connecting: 'circle',
  Degraded: 'triangle',
  Failed: 'square',
  Disabled: 'dashed',
}

export const SeverityMark = ({ severity }: { severity: Severity }) => <Mark shape={BY_SEVERITY[severity]} />
export const StateMark = ({ state }: { state: SessionState }) => <Mark shape={BY_STATE[state]} />

function Mark({ shape }: { shape: Shape }) {
  return (
    <svg className={`mark mark-${shape}`} viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      {shape === 'ring' && <circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" strokeWidth="2" />}
      {shape === 'dashed' && (
        <circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" strokeWidth="2" strokeDasharray="3 2" />
      )}
      {shape === 'circle' && <circle cx="8" cy="8" r="6" fill="currentColor" />}
      {shape === 'triangle' && <path d="M8 1.5 15 14H1z" fill="currentColor" />}
      {shape === 'square' && (
        <>
          <rect x="1.5" y="1.5" width="13" height="13" fill="currentColor" />
          <path d="m5 5 6 6m0-6-6 6" stroke="var(--surface-2)" strokeWidth="2" />
        </>
      )}
    </svg>
  )
}
