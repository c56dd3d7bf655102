/** The HTTP server of a gateway. */
import type { Gateway } from '../gateway.ts'

export interface HttpOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Further names by which the page may be opened, beside localhost. */
  readonly hosts: readonly string[]
  /** Folder of the built page; without it there is a plain landing page. */
  readonly uiDir?: string | undefined
}

export interface HttpServer {
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

export declare function startHttp(gateway: Gateway, options: HttpOptions): Promise<HttpServer>
