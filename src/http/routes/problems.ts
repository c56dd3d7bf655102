/** `/problems/{code}`: what the `type` of a problem leads to. A page for people, JSON for programs; made of the catalogue. */
import { z } from 'zod'
import { ERRORS, GatewayError, type ErrorCode, type ErrorInfo } from '../../core/errors.ts'
import type { App } from '../app.ts'
import { escapeHtml, htmlPage } from '../html.ts'
import { PROBLEM_TYPE, problemSchema } from '../problem.ts'

const explanationSchema = z.object({
  code: z.string(),
  title: z.string(),
  status: z.int(),
  retry: z.boolean().describe('The same request may succeed later without a change by a person'),
  help: z.string(),
})

export function problemRoutes(app: App): void {
  app.route({
    method: 'GET',
    url: '/problems/:code',
    config: { permission: 'public' },
    schema: {
      tags: ['problems'],
      summary: 'What a problem means and what to do about it',
      params: z.object({ code: z.string() }),
      response: {
        200: {
          description: 'The explanation',
          content: { 'application/json': { schema: explanationSchema }, 'text/html': { schema: z.string() } },
        },
        default: { description: 'A problem', content: { [PROBLEM_TYPE]: { schema: problemSchema } } },
      },
    },
    handler: (request, reply) => {
      const { code } = request.params
      if (!Object.hasOwn(ERRORS, code)) throw new GatewayError('NOT_FOUND', `there is no problem named ${code}`)
      const info = ERRORS[code as ErrorCode]
      if (request.headers.accept?.includes('text/html') === true) {
        return reply.type('text/html; charset=utf-8').send(explain(code, info))
      }
      return reply.send({ code, title: info.title, status: info.http, retry: info.retry, help: info.help })
    },
  })
}

function explain(code: string, info: ErrorInfo): string {
  const retry = info.retry ? 'The same request may succeed later.' : 'Trying again alone will not help.'
  return htmlPage(info.title, `<p>${escapeHtml(code)}, HTTP ${info.http}. ${retry}</p><p>${escapeHtml(info.help)}</p>`)
}
