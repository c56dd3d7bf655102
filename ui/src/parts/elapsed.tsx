/** Waiting, with how long it has been: the first word at once, the seconds as they pass; no circle that turns for ever. */
import { useEffect, useState } from 'react'
import { valueWords } from '../strings/value-words.ts'

export function Elapsed({ label, className }: { label: string; className?: string }) {
  const [seconds, setSeconds] = useState(0)
  useEffect(() => {
    const begin = performance.now()
    const timer = setInterval(() => setSeconds(Math.floor((performance.now() - begin) / 1000)), 500)
    return () => clearInterval(timer)
  }, [])
  return (
    <p className={`quiet ${className ?? ''}`} role="status">
      {label}{' '}
      {seconds > 0 && (
        <span className="numbers" aria-hidden="true">
          {valueWords.duration.seconds(seconds)}
        </span>
      )}
    </p>
  )
}
