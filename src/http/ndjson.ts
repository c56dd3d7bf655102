/** Answers that come line by line, a JSON value each (NDJSON), while what they tell goes on. */
import { PassThrough } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'

export const NDJSON = 'application/x-ndjson'
export const NDJSON_TYPE = `${NDJSON}; charset=utf-8`

/** Whether the client asks for lines where one answer in the end is the rule. */
export const wantsLines = ({ headers }: FastifyRequest): boolean => headers.accept?.includes(NDJSON) === true

/** Begins the answer. It has to be ended, whatever happens: a client that is not told waits on. */
export function sendLines(reply: FastifyReply): { readonly line: (value: unknown) => void; readonly end: () => void } {
  const lines = new PassThrough()
  reply.type(NDJSON_TYPE).send(lines)
  return { line: (value) => void lines.write(`${JSON.stringify(value)}\n`), end: () => void lines.end() }
}
