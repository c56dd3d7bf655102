/**
 * The options of an encrypted connection, the same words for every driver and sink: names of PEM files, and the loud way out. A file
 * is looked for by `bifrost check`, and found beside the configuration, by its mark alone: an option of any plug-in that names one is
 * a `fileOption()`.
 */
import { z } from 'zod'

/** The path of a file that is read when it is needed. */
export const fileOption = () => z.string().meta({ file: true })

export const tlsOptions = {
  ca: fileOption()
    .optional()
    .describe('File with the certificate authorities to trust (PEM), in place of the well-known ones.'),
  cert: fileOption().optional().describe('File with our client certificate (PEM).'),
  key: fileOption().optional().describe('File with the private key of the client certificate (PEM).'),
  insecure: z
    .boolean()
    .default(false)
    .describe(
      'Accept any server certificate. The connection can then be read and changed by others; for first trials only.',
    ),
}
