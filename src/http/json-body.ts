/** Parses request bodies: JSON only, its nesting bounded before it is parsed, keys that alter prototypes refused. */
import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../core/errors.ts'

/** Takes `application/json` and nothing else; every other content type is answered with 415. */
export function acceptJsonOnly(app: FastifyInstance, maxDepth: number): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (jsonDepth(body as string, maxDepth) > maxDepth) {
      return done(new GatewayError('INVALID_REQUEST', `the body nests deeper than ${maxDepth} levels`))
    }
    return parse(request, body as string, done)
  })
}

/** How deep brackets nest outside strings, counted no further than `enough`; does not care whether the text is valid JSON. */
export function jsonDepth(text: string, enough = Number.POSITIVE_INFINITY): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let at = 0; at < text.length && deepest <= enough; at++) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === 0x5c) at++
      else if (code === 0x22) inString = false
    } else if (code === 0x22) inString = true
    else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, ++depth)
    else if (code === 0x7d || code === 0x5d) depth--
  }
  return deepest
}
