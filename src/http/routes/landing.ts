/** `/` where no page has been built: says what this is and links what is there. */
import type { App, RouteContext } from '../app.ts'
import { escapeHtml, htmlPage } from '../html.ts'
import { textAnswers } from '../schemas.ts'

const LINKS = [
  ['/api/docs', 'API, to read and to try'],
  ['/api/openapi.json', 'API as an OpenAPI document'],
  ['/api/v1/devices', 'Devices'],
  ['/api/v1/values', 'Latest values'],
  ['/api/v1/sinks', 'Sinks'],
  ['/metrics', 'Metrics for Prometheus'],
  ['/readyz?verbose', 'Health'],
] as const

export function landingRoutes(app: App, { hasPage }: RouteContext): void {
  if (hasPage) return
  const items = LINKS.map(([href, text]) => `<li><a href="${href}">${escapeHtml(text)}</a></li>`).join('')
  const body = `<ul>${items}</ul>`
  app.route({
    method: 'GET',
    url: '/',
    config: { permission: 'public' },
    schema: { tags: ['health'], summary: 'What this is, with links', response: textAnswers('text/html') },
    handler: (_request, reply) => reply.type('text/html; charset=utf-8').send(htmlPage('Bifrost gateway', body)),
  })
}
