/** The bytes that one value came in: registers, how they are read, and what they were read with. Nothing more is asked of the device. */
import { useAsk } from '../../api/ask.ts'
import { Elapsed } from '../../parts/elapsed.tsx'
import { valuesStrings } from '../../strings/values.ts'
import { wordsOf } from '../explain/hex.ts'

const words = valuesStrings.raw

export function RawBytes({ device, tag }: { device: string; tag: string }) {
  const { data, error, isFetching } = useAsk('GET /api/v1/raw/{device}/{tag}', { params: { device, tag }, query: {} })
  // What came the last time somebody looked is not what the tag is now.
  if (isFetching) return <Elapsed label={words.asking} />
  if (error !== null)
    return (
      <p>
        {words.failed} {error.message}
      </p>
    )
  if (data === undefined) return null
  const { place, reason } = data
  if (place === null) return <p className="quiet">{reason ?? words.none}</p>
  return (
    <dl className="raw-bytes numbers">
      <dt>{words.bytes}</dt>
      <dd>
        <code>{place.bytes === null ? (reason ?? words.none) : wordsOf(place.bytes, 2)}</code>
      </dd>
      {place.bytes !== null && place.length % 2 === 0 && (
        <>
          <dt>{words.registers}</dt>
          <dd>
            <code>{registersOf(place.bytes)}</code>
          </dd>
        </>
      )}
      <dt>{words.reading}</dt>
      <dd>{place.reading}</dd>
      <dt>{words.block}</dt>
      <dd>{place.block}</dd>
    </dl>
  )
}

/** 16 bits each, as numbers. */
const registersOf = (hex: string): string =>
  wordsOf(hex, 4)
    .split(' ')
    .map((word) => String(Number.parseInt(word, 16)))
    .join(', ')
