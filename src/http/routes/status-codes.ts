/** `/api/v1/status-codes`: the status codes that values can carry, with a sentence each. */
import { STATUS_TABLE, statusHex } from '../../core/status.ts'
import type { App } from '../app.ts'
import { answers, statusCodesSchema } from '../schemas.ts'

export function statusCodeRoutes(app: App): void {
  const statusCodes = STATUS_TABLE.map(({ code, name, text }) => ({ code, name, hex: statusHex(code), text }))
  app.route({
    method: 'GET',
    url: '/api/v1/status-codes',
    config: { permission: 'signed-in' },
    schema: { tags: ['values'], summary: 'Status codes and what they mean', response: answers(statusCodesSchema) },
    handler: () => ({ statusCodes, next: null }),
  })
}
