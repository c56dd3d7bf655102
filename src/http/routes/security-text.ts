/**
 * `/.well-known/security.txt` (RFC 9116): to whom a weakness of this installation is reported. Whoever runs it says so in
 * `http.securityContact`; without it there is no such file, because a wrong address is worse than none.
 */
import type { Clock } from '../../core/clock.ts'
import type { App } from '../app.ts'

/** RFC 9116, 2.5.5: less than a year ahead. A gateway that runs renews it with each answer. */
const VALID_MS = 90 * 86_400_000

export function securityTextRoute(app: App, clock: Clock, contact: string | undefined): void {
  if (contact === undefined) return
  app.route({
    method: 'GET',
    url: '/.well-known/security.txt',
    config: { permission: 'public' },
    schema: { hide: true },
    handler: (_request, reply) => {
      // To the start of a day: the same all day long.
      const ends = new Date(Math.floor((clock.now() + VALID_MS) / 86_400_000) * 86_400_000)
      const expires = ends.toISOString().replace('.000Z', 'Z')
      return reply
        .type('text/plain; charset=utf-8')
        .send(`Contact: ${contact}\nExpires: ${expires}\nPreferred-Languages: en\n`)
    },
  })
}
