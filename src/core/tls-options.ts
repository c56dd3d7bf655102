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

/** Options of a use that is not protected: any certificate is taken, or (OPC UA server) clients may come without security. */
export const isInsecure = (options: unknown): boolean => {
  if (typeof options !== 'object' || options === null) return false
  const { insecure, tls } = options as { insecure?: unknown; tls?: unknown }
  return insecure === true || isInsecure(tls)
}

/** Said at the check, at the start and with each connection of such a use. */
export const INSECURE_WARNING =
  'insecure: true: nobody checks who the far side is, and others on the network can read and change this traffic'

export const TLS_VERSIONS = ['1.2', '1.3'] as const
export type TlsVersion = (typeof TLS_VERSIONS)[number]
