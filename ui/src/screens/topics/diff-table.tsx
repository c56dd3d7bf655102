/** The fields of a message beside those of the one before; what differs is said in words too. */
import { formatCount } from '../../format.ts'
import { topicStrings } from '../../strings/topics.ts'
import { diffOf, type Payload } from './payload-diff.ts'

const strings = topicStrings.diff

export function DiffTable({ last, previous }: { last: Payload; previous: Payload | null }) {
  return (
    <section aria-label={strings.title}>
      <h3 className="topic-part">{strings.title}</h3>
      {previous === null ? <p className="quiet">{strings.none}</p> : <Fields last={last} previous={previous} />}
    </section>
  )
}

function Fields({ last, previous }: { last: Payload; previous: Payload }) {
  const { fields, more } = diffOf(previous, last)
  const { columns, words } = strings
  return (
    <div className="topic-diff" tabIndex={0} role="group" aria-label={strings.label}>
      <table aria-label={strings.label}>
        <thead>
          <tr>
            <th scope="col">{columns.field}</th>
            <th scope="col">{columns.before}</th>
            <th scope="col">{columns.now}</th>
            <th scope="col">{columns.what}</th>
          </tr>
        </thead>
        <tbody>
          {fields.map(({ field, before, now, what }) => (
            <tr key={field} data-field={field} data-what={what}>
              <th scope="row">{field === '' ? strings.whole : field}</th>
              <td>{before}</td>
              <td>{now}</td>
              <td>{words[what]}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 && <p className="quiet">{strings.more(formatCount(more))}</p>}
    </div>
  )
}
