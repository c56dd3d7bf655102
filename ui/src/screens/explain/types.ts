/** An explained tag, as the API gives it. */
import type { Operations } from '../../api/operations.ts'

export type Explained = Operations['GET /api/v1/explain/{device}/{tag}']['answer']
export type Exchange = NonNullable<Explained['wire']['exchange']>
export type Place = NonNullable<Explained['wire']['place']>
export type ExplainedSink = Explained['sinks'][number]
export interface Sample {
  readonly value: number | boolean | string | null
  readonly status: { readonly code: number; readonly name: string }
  readonly time: string | null
}
