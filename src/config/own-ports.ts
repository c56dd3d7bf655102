/** The ports that a gateway with this configuration listens on: none of its devices and sinks is dialled there. */
import type { Config } from './config.ts'

export function ownPorts({ http, receive, devices, sinks }: Config): ReadonlySet<number> {
  const ports = [
    http?.listen.port,
    receive?.listen.port,
    ...[...devices, ...sinks].flatMap(({ type, options, enabled }) =>
      enabled ? (type.ports?.(options as never) ?? []) : [],
    ),
  ]
  // 0 takes a free one, which nobody knows before.
  return new Set(ports.flatMap((port) => port || []))
}
