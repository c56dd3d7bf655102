/** The tags that a topic comes from, as links to their values. */
import { formatCount } from '../../format.ts'
import { hrefOf } from '../../shell/address.ts'
import { Link } from '../../shell/link.tsx'
import { topicStrings } from '../../strings/topics.ts'

interface Props {
  readonly producers: readonly { readonly device: string; readonly tag: string }[]
  readonly total: number
}

export function Producers({ producers, total }: Props) {
  return (
    <>
      {producers.map(({ device, tag }, index) => (
        <span key={`${device}/${tag}`}>
          {index > 0 && ', '}
          <Link href={hrefOf('/values', { q: `${device}/${tag}` })}>
            <bdi>{`${device}/${tag}`}</bdi>
          </Link>
        </span>
      ))}
      {total > producers.length && (
        <span className="quiet"> {topicStrings.message.moreProducers(formatCount(total - producers.length))}</span>
      )}
    </>
  )
}
