/** A list, and beside it the one of its rows that is looked at (an element of the class `detail`). */
import type { CSSProperties, ReactNode } from 'react'
import './detail-layout.css'

interface Props {
  readonly hasDetail: boolean
  /** Of the detail. */
  readonly width: string
  readonly children: ReactNode
}

export function DetailLayout({ hasDetail, width, children }: Props) {
  return (
    <div
      className={hasDetail ? 'detail-layout with-detail' : 'detail-layout'}
      style={{ '--detail': width } as CSSProperties}
    >
      {children}
    </div>
  )
}
