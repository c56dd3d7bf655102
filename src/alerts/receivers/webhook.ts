/** Alerts to a URL, as Alertmanager's webhook posts them (version 4): whatever takes those takes these. */
import { z } from 'zod'
import { httpOptions, httpUrl } from '../../core/http-options.ts'
import { GatewayError } from '../../core/errors.ts'
import { credentialsOf, HttpEndpoint } from '../../wire/http/http-endpoint.ts'
import { answered } from '../../wire/http/verdict.ts'
import { webhookOf } from '../message.ts'
import { defineReceiver } from '../receiver.ts'

export const webhook = defineReceiver({
  name: 'webhook',
  summary: 'POST of JSON to a URL, in the shape of Alertmanager’s webhook (version 4).',
  options: z.object({
    url: httpUrl().optional().describe('Where alerts are posted to; http:// or https://.'),
    urlSecret: httpUrl()
      .optional()
      .describe('The same, where the address itself is the secret, as with chat services; in place of `url`.')
      .meta({ secret: true }),
    token: z
      .string()
      .min(1)
      .optional()
      .describe('Sent as `Authorization: Bearer …`; in place of username and password.')
      .meta({ secret: true }),
    ...httpOptions,
  }),
  create(options, { name, log, clock, dial, sender }) {
    const url = options.urlSecret ?? options.url!
    const { origin, pathname, search } = new URL(url)
    // The path of a secret address is in no sentence.
    const where = options.urlSecret === undefined ? url.split('?', 1)[0]! : origin
    const endpoint = new HttpEndpoint({ ...options, url: where }, credentialsOf(options), { dial, clock, log })
    return {
      where,
      async send(message, signal) {
        const body = Buffer.from(JSON.stringify(webhookOf(message, name, sender)))
        const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': message.id }
        const answer = await endpoint.send({ method: 'POST', path: pathname + search, headers, body }, signal)
        if (endpoint.verdict(answer) === 'taken') return
        throw new GatewayError('SINK_REJECTED', `${where} does not take this alert: ${answered(answer)}`)
      },
      close: () => endpoint.close(),
    }
  },
})

/** What the options must not say together. */
export function webhookFault(options: Readonly<Record<string, unknown>>): string | undefined {
  const { url, urlSecret, token, username, password } = options
  if ((url === undefined) === (urlSecret === undefined)) return 'give url, or urlSecret where the address is a secret'
  if (token !== undefined && username !== undefined) return 'give token, or username and password, not both'
  return (username === undefined) !== (password === undefined) ? 'username and password are given together' : undefined
}
