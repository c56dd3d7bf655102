/** What the configuration says of the receiving side of edge to cloud: `receive` of bifrost.yaml. */

export interface ReceiveClient {
  readonly name: string
  /** A secret that the client must show, beside its certificate or in place of one. */
  readonly token: string | undefined
}

/** Names of PEM files; all three, since clients are known by their certificates. */
export interface ReceiveTls {
  readonly cert: string
  readonly key: string
  /** The authorities that client certificates must come from. */
  readonly ca: string
}

export interface ReceiveConfig {
  readonly listen: { readonly host: string; readonly port: number }
  /** Undefined: without encryption, on a loopback address. */
  readonly tls: ReceiveTls | undefined
  readonly clients: readonly ReceiveClient[]
  /** How the devices of a gateway are called here: a template of {gateway} and {device}. */
  readonly devices: string
  /** The most tags of one client. */
  readonly maxTags: number
}
