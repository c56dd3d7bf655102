/** The last five minutes of one row, drawn anew once a second while it is in sight. */
import { createContext, memo, useContext, useEffect } from 'react'
import type { LiveTag } from '../../../live/store.ts'
import { valuesStrings } from '../../../strings/values.ts'
import { isDrawable, sparkPath, type Sparks } from './sparks.ts'

const WIDTH = 120
const HEIGHT = 22

export const SparksContext = createContext<Sparks | undefined>(undefined)

interface Props {
  readonly tag: LiveTag
  /** Up to when it is drawn, in whole seconds. */
  readonly now: number
}

export const SparkCell = memo(function SparkCell({ tag, now }: Props) {
  const sparks = useContext(SparksContext)
  const drawable = isDrawable(tag.type, tag.value)
  useEffect(() => (drawable ? sparks?.show(tag) : undefined), [sparks, tag, drawable])
  const spark = sparks?.of(tag.id)
  if (!drawable || spark === undefined) return null
  return (
    <svg
      className="sparkline"
      role="img"
      aria-label={valuesStrings.sparkOf(tag.tag)}
      data-asked={spark.asked || undefined}
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
    >
      <path d={sparkPath(spark.window(now), WIDTH, HEIGHT)} fill="none" stroke="currentColor" strokeWidth="1.25" />
    </svg>
  )
})
