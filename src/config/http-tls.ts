/** `http.tls`: the certificate of the page and the API, and whether clients show one, too. */
import { z } from 'zod'
import { fileOption, TLS_VERSIONS } from '../core/tls-options.ts'
import type { HttpTls } from './config.ts'

export const httpTlsSchema = z
  .object({
    certFile: fileOption().describe(
      'File with the certificate of this gateway and those of its issuers (PEM); `bifrost certs issue` makes one.',
    ),
    keyFile: fileOption().describe('File with its private key (PEM).'),
    clientCaFile: fileOption()
      .optional()
      .describe('File with the authorities that the certificates of clients must come from (PEM).'),
    clientCertificates: z
      .enum(['off', 'ask', 'require'])
      .optional()
      .describe(
        'Certificates of clients: off; ask, who shows none is let in to log in otherwise; require, nobody else gets a connection. ask where `clientCaFile` is there, else off.',
      ),
    minVersion: z.enum(TLS_VERSIONS).default('1.2').describe('The least version of TLS.'),
  })
  .superRefine(({ clientCaFile, clientCertificates = 'off' }, context) => {
    if (clientCaFile !== undefined || clientCertificates === 'off') return
    const message = `${clientCertificates} needs clientCaFile: whose certificates are taken`
    context.addIssue({ code: 'custom', path: ['clientCertificates'], message })
  })

/** With what follows from the rest. */
export const httpTlsOf = ({ clientCaFile, clientCertificates, ...tls }: z.output<typeof httpTlsSchema>): HttpTls => ({
  ...tls,
  clientCaFile,
  clientCertificates: clientCertificates ?? (clientCaFile === undefined ? 'off' : 'ask'),
})
