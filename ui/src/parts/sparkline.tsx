/** A small line of the last minutes: `null` is a gap. A picture beside a number, which says the same to whoever does not see it. */
interface Props {
  readonly values: readonly (number | null)[]
  readonly width?: number
  readonly height?: number
  /** What is drawn, in words. */
  readonly label: string
  /** The least upper end of the scale. */
  readonly atLeast?: number
}

export function Sparkline({ values, width = 120, height = 28, label, atLeast = 0 }: Props) {
  const known = values.filter((value) => value !== null)
  const [low, high] = [Math.min(0, ...known), Math.max(atLeast, ...known)]
  const span = high - low || 1
  const x = (index: number) => (values.length < 2 ? 0 : (index / (values.length - 1)) * width)
  const y = (value: number) => height - 1 - ((value - low) / span) * (height - 2)
  let path = ''
  let drawing = false
  values.forEach((value, index) => {
    if (value === null) {
      drawing = false
      return
    }
    path += `${drawing ? 'L' : 'M'}${x(index).toFixed(1)} ${y(value).toFixed(1)}`
    drawing = true
  })
  return (
    <svg
      className="sparkline"
      role="img"
      aria-label={label}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
    >
      <path d={path} fill="none" stroke="currentColor" strokeWidth="1.5" />
    </svg>
  )
}
