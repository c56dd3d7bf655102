/** Where a driver connects: what the gateway dials for it. */

/** Certificates of an encrypted connection; names of PEM files. The far side is always verified unless `insecure`. */
export interface TlsSettings {
  /** Certificate authorities to trust in place of the well-known ones. */
  readonly ca?: string | undefined
  /** Our client certificate and its private key. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** The name that the far side's certificate must carry; its host name where absent. */
  readonly serverName?: string | undefined
  readonly insecure?: boolean | undefined
}

/** A TCP connection, encrypted where `tls` is there. */
export interface TcpEndpoint {
  readonly transport?: 'tcp' | undefined
  readonly host: string
  readonly port: number
  readonly connectTimeoutMs: number
  readonly tls?: TlsSettings | undefined
  /** Without TLS: the bytes come through the socket's tap (`wire/tap.ts`) and not as events. */
  readonly direct?: boolean | undefined
}

/** A connected UDP socket: every write is one datagram, every chunk read is one. */
export interface UdpEndpoint {
  readonly transport: 'udp'
  readonly host: string
  readonly port: number
  readonly connectTimeoutMs: number
}

/** A serial port. */
export interface SerialEndpoint {
  readonly transport: 'serial'
  readonly path: string
  readonly baud: number
  readonly dataBits: 7 | 8
  readonly parity: 'none' | 'even' | 'odd'
  readonly stopBits: 1 | 2
}

/** Where to connect. */
export type Endpoint = TcpEndpoint | UdpEndpoint | SerialEndpoint
