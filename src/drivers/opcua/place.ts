/** Host and port of an endpoint URL; the port is 4840 where none is given (IANA). */

export interface Place {
  readonly host: string
  readonly port: number
}

/** `opc.tcp://10.0.0.5:4840/path`. */
export function placeOf(endpoint: string): Place {
  const { hostname, port } = new URL(endpoint.replace(/^opc\.tcp:/, 'http:'))
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (/:80(\/|$)/.test(endpoint) ? 80 : 4840) : Number(port),
  }
}

/** The same endpoint with its port, so that one server has one name. */
export function withPort(endpoint: string): string {
  const { host, port } = placeOf(endpoint)
  const path = /^opc\.tcp:\/\/[^/]+(.*)$/.exec(endpoint)?.[1] ?? ''
  return `opc.tcp://${host.includes(':') ? `[${host}]` : host}:${port}${path}`
}
