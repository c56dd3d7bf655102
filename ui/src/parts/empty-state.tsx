/** In place of what is not there: what that means, and the next action. */
import type { ReactNode } from 'react'

interface Props {
  readonly title?: string
  readonly text: ReactNode
  readonly children?: ReactNode
}

export function EmptyState({ title, text, children }: Props) {
  return (
    <div className="empty" data-testid="empty">
      {title !== undefined && <h2>{title}</h2>}
      <p>{text}</p>
      {children}
    </div>
  )
}
