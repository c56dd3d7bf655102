/** Under a list that comes in pages: how much is there, and the button that fetches on. */
import { Button } from '@mantine/core'
import type { Pages } from '../api/pages.ts'
import { formatCount } from '../format.ts'
import { partStrings as strings } from '../strings/parts.ts'
import { Elapsed } from './elapsed.tsx'
import { ProblemNote, staleText } from './problem-note.tsx'

export function MorePages({ pages }: { pages: Pages<unknown> }) {
  const { rows, error, isAsking, hasMore, more, again } = pages
  return (
    <>
      {error !== null && (
        <ProblemNote error={error} {...(rows === undefined ? {} : { what: staleText(error) })} onRetry={again} />
      )}
      {rows === undefined && error === null && <Elapsed label={strings.loading} />}
      {rows !== undefined && rows.length > 0 && (
        <p className="bar quiet">
          {hasMore ? strings.moreThan(formatCount(rows.length)) : strings.all(formatCount(rows.length))}
          {hasMore && error === null && (
            <Button size="compact-xs" variant="default" aria-disabled={isAsking} onClick={more}>
              {strings.more}
            </Button>
          )}
        </p>
      )}
    </>
  )
}
