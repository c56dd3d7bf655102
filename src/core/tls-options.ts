/** The options of an encrypted connection, the same words for every driver and sink: names of PEM files, and the loud way out. */
import { z } from 'zod'

export const tlsOptions = {
  ca: z
    .string()
    .optional()
    .describe('File with the certificate authorities to trust (PEM), in place of the well-known ones.'),
  cert: z.string().optional().describe('File with our client certificate (PEM).'),
  key: z.string().optional().describe('File with the private key of the client certificate (PEM).'),
  insecure: z
    .boolean()
    .default(false)
    .describe(
      'Accept any server certificate. The connection can then be read and changed by others; for first trials only.',
    ),
}
