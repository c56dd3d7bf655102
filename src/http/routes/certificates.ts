/** `/api/v1/certificates`: the certificates of OPC UA; trust, reject, remove and import them, and our own one. Each change is audited. */
import { z } from 'zod'
import type { Asker } from '../../commands/sink-commands.ts'
import { GatewayError } from '../../core/errors.ts'
import { toPem } from '../../wire/certificates/certificate-store.ts'
import type { App, RouteContext } from '../app.ts'
import {
  certificateSchema,
  certificatesSchema,
  certificateView,
  listingView,
  ownSchema,
  ownView,
  tlsSchema,
  tlsView,
} from '../certificate-views.ts'
import { askerOf } from '../auth/asker.ts'
import { answers } from '../schemas.ts'

const tags = ['certificates']
const config = { permission: 'certificates.manage', problems: ['NOT_FOUND', 'CONFLICT'] } as const
const holders = z
  .enum(['applications', 'persons'])
  .default('applications')
  .describe('Of applications, or of persons who log in with a certificate')
const thumbprint = z.string().max(200).describe('SHA-1 or SHA-256 in hex, or its beginning (from 8 digits on)')
const reason = z.string().max(500).optional().describe('Why, for the audit')
const file = z.string().max(900_000).describe('PEM, or DER in base64')
const byThumbprint = z.strictObject({ holders, thumbprint, reason })
const keyChoice = {
  newKey: z.boolean().default(false).describe('A new key in place of the one in use'),
  keyBits: z
    .union([z.literal(2048), z.literal(3072), z.literal(4096)])
    .optional()
    .describe('Of a new key (default: 2048)'),
}

export function certificateRoutes(app: App, { gateway }: RouteContext): void {
  const { certificates } = gateway

  app.route({
    method: 'GET',
    url: '/api/v1/certificates',
    config,
    schema: {
      tags,
      summary: 'Certificates of OPC UA: our own, those trusted, and those that wait in the inbox',
      querystring: z.object({
        holders,
        state: z.enum(['own', 'next', 'previous', 'trusted', 'rejected', 'issuer']).optional(),
      }),
      response: answers(certificatesSchema),
    },
    handler: async ({ query }) => listingView(await certificates.list(query.holders), query.state),
  })

  app.route({
    method: 'GET',
    url: '/api/v1/certificates/tls',
    config,
    schema: {
      tags,
      summary:
        'Certificates that the configuration names: of our own servers, of the connections to devices and sinks, of our authority',
      response: answers(tlsSchema),
    },
    handler: () => tlsView(gateway.certificatesInUse),
  })

  app.route({
    method: 'POST',
    url: '/api/v1/certificates/trust',
    config,
    schema: {
      tags,
      summary: 'Trust a certificate',
      description: 'One of the inbox by its thumbprint, or one that is sent. It counts from the next connection on.',
      body: z.strictObject({ holders, thumbprint: thumbprint.optional(), file: file.optional(), reason }),
      response: answers(z.object({ certificate: certificateSchema })),
    },
    handler: async ({ body, ip, principal, correlation }) => {
      const what = body.thumbprint === undefined ? undefined : { thumbprint: body.thumbprint }
      const given = what ?? (body.file === undefined ? undefined : { file: bytesOf(body.file) })
      if (given === undefined) throw invalid('say which: thumbprint, or file')
      return {
        certificate: certificateView(
          await certificates.trust(body.holders, given, askerOf({ ip, principal, correlation }, body.reason)),
        ),
      }
    },
  })

  const changes = [
    ['reject', 'Take back the trust: the certificate waits in the inbox again'],
    ['remove', 'Remove a certificate, wherever it lies; it may be presented again'],
  ] as const
  for (const [action, summary] of changes) {
    app.route({
      method: 'POST',
      url: `/api/v1/certificates/${action}`,
      config,
      schema: { tags, summary, body: byThumbprint, response: answers(z.object({ certificate: certificateSchema })) },
      handler: async ({ body, ip, principal, correlation }) => ({
        certificate: certificateView(
          await certificates[action](
            body.holders,
            body.thumbprint,
            askerOf({ ip, principal, correlation }, body.reason),
          ),
        ),
      }),
    })
  }

  app.route({
    method: 'POST',
    url: '/api/v1/certificates/import',
    config,
    schema: {
      tags,
      summary: 'Import authorities, which complete chains, or revocation lists',
      description: 'That an authority is known does not make what it issued trusted; `trust` does.',
      body: z.strictObject({ holders, file, reason }),
      response: answers(z.object({ issuers: z.array(certificateSchema), lists: z.int().min(0) })),
    },
    handler: async ({ body, ip, principal, correlation }) => {
      const { issuers, lists } = await certificates.import(
        body.holders,
        bytesOf(body.file),
        askerOf({ ip, principal, correlation }, body.reason),
      )
      return { issuers: issuers.map((one) => certificateView(one)), lists }
    },
  })

  app.route({
    method: 'GET',
    url: '/api/v1/certificates/own',
    config,
    schema: {
      tags,
      summary: 'Our own certificate as a file, for the far sides',
      querystring: z.object({ format: z.enum(['der', 'pem']).default('der') }),
      response: {
        ...answers(z.object({})),
        200: {
          description: 'The certificate; its key never leaves the gateway',
          content: {
            'application/pkix-cert': { schema: z.string() },
            'application/x-pem-file': { schema: z.string() },
          },
        },
      },
    },
    handler: async ({ query }, reply) => {
      const { current } = await certificates.own()
      if (current === undefined)
        throw new GatewayError(
          'NOT_FOUND',
          'there is no own certificate yet; it is made when a device needs it, or by POST /api/v1/certificates/own',
        )
      const { der } = current.certificate
      const disposition = `attachment; filename="bifrost.${query.format}"`
      return query.format === 'pem'
        ? reply
            .type('application/x-pem-file')
            .header('content-disposition', disposition)
            .send(toPem(der, 'CERTIFICATE'))
        : reply.type('application/pkix-cert').header('content-disposition', disposition).send(der)
    },
  })

  const ownRoute = <Body extends z.ZodType>(
    name: string,
    summary: string,
    body: Body,
    run: (body: z.output<Body>, asker: Asker) => Promise<Parameters<typeof ownView>[0]>,
  ): void => {
    app.route({
      method: 'POST',
      url: `/api/v1/certificates/own${name}`,
      config,
      schema: { tags, summary, body, response: answers(ownSchema) },
      handler: async (request) => {
        const given = request.body as z.output<Body>
        const why = (given as { reason?: string }).reason
        return ownView(await run(given, askerOf(request, why)))
      },
    })
  }
  const why = z.strictObject({ reason })
  ownRoute('', 'Make our own certificate where there is none', z.strictObject({ keyBits: keyChoice.keyBits, reason }), ({ keyBits }, asker) => certificates.makeOwn(asker, keyBits)) // prettier-ignore
  ownRoute('/renew', 'Make a new certificate of ours; it waits until it is taken in use', z.strictObject({ ...keyChoice, reason }), (choice, asker) => certificates.renewOwn(choice, asker)) // prettier-ignore
  ownRoute('/use', 'Take the new certificate of ours in use', why, (_, asker) => certificates.changeOwn('use', asker))
  ownRoute('/undo', 'Go back to our certificate of before', why, (_, asker) => certificates.changeOwn('undo', asker))
  ownRoute('/done', 'Remove our certificate of before', why, (_, asker) => certificates.changeOwn('done', asker))
  ownRoute('/import', 'Import what an authority issued for our signing request', z.strictObject({ file, reason }), ({ file: text }, asker) => certificates.importOwn(bytesOf(text), asker)) // prettier-ignore

  app.route({
    method: 'POST',
    url: '/api/v1/certificates/own/request',
    config,
    schema: {
      tags,
      summary: 'Make a signing request for an authority',
      body: z.strictObject({ ...keyChoice, reason }),
      response: answers(z.object({ request: z.string().describe('PKCS #10 in PEM') })),
    },
    handler: async ({ body, ip, principal, correlation }) => ({
      request: await certificates.requestOwn(body, askerOf({ ip, principal, correlation }, body.reason)),
    }),
  })
}

function bytesOf(text: string): Buffer {
  if (text.includes('-----BEGIN')) return Buffer.from(text, 'latin1')
  if (/^[A-Za-z0-9+/=\s]+$/.test(text)) return Buffer.from(text, 'base64')
  throw invalid('file is neither PEM nor base64')
}

const invalid = (detail: string): GatewayError =>
  new GatewayError('INVALID_REQUEST', detail, { details: { errors: [{ detail, pointer: '#' }] } })
