/** A part of a screen with its heading, and beside it what can be done. */
import { useId, type ReactNode } from 'react'

interface Props {
  readonly title: ReactNode
  readonly actions?: ReactNode
  readonly className?: string
  readonly children?: ReactNode
}

export function Panel({ title, actions, className = '', children }: Props) {
  const id = useId()
  return (
    <section className={`panel ${className}`} aria-labelledby={id}>
      <div className="bar panel-head">
        <h2 id={id}>{title}</h2>
        <span className="grow" />
        {actions}
      </div>
      {children}
    </section>
  )
}
