/** Where the far side of a sink is, for people: the place that its options name, without user, password or query. */
import { hideUrlPasswords } from '../core/url-password.ts'

/** The options that name a place, in the words that the sinks have for it. */
const LISTS = ['urls', 'servers', 'brokers', 'url', 'folder'] as const

/** Null where the options name none. */
export function sinkEndpoint(options: unknown): string | null {
  if (typeof options !== 'object' || options === null) return null
  const named = options as Readonly<Record<string, unknown>>
  for (const name of LISTS) {
    const places = [named[name]].flat().filter((place) => typeof place === 'string' && place !== '') as string[]
    if (places.length > 0) return places.map(bare).join(', ')
  }
  const { host, port } = named
  if (typeof host !== 'string') return null
  return typeof port === 'number' ? `${host}:${port}` : host
}

function bare(place: string): string {
  const text = hideUrlPasswords(place)
  if (!text.includes('://')) return text
  const [scheme, rest] = text.split('://', 2) as [string, string]
  return `${scheme}://${rest.split(/[?#]/, 1)[0]!.replace(/^.*@/, '')}`
}
