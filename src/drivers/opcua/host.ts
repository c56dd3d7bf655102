/**
 * The worker thread that all OPC UA devices share: started with the first connect, ended with the last close. A worker that ends by
 * itself takes the connections with it; the next connect starts another one.
 */
import { SampleBatch } from '../../core/batch.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { TagId } from '../../core/value.ts'
import { WorkerLink, type WorkerUsage } from '../../wire/worker-link.ts'
import type {
  AuditAnswer,
  AuditEvent,
  DeviceView,
  LogEvent,
  OpenDevice,
  ReasonsEvent,
  RowsEvent,
  ViewEvent,
} from './messages.ts'

/** What the worker says of one device. */
export interface Tenant {
  readonly log: Log
  rows(batch: SampleBatch): void
  reasons(reasons: readonly (readonly [TagId, string | undefined])[]): void
  view(view: DeviceView): void
  /** Resolves when it is on disk. */
  audit(action: string, what: string): Promise<void>
  /** The worker is gone: the device has to be opened again. */
  evicted(): void
}

/** Heap of the worker; beyond it the worker ends and begins anew. */
const MAX_HEAP_MIB = 512
const WORKER = new URL('./worker/main.ts', import.meta.url)

export class WorkerHost {
  readonly #tenants = new Map<number, Tenant>()
  #link: WorkerLink | undefined
  #next = 1

  /** A number for a device; nothing is started yet. */
  number(): number {
    return this.#next++
  }

  /** The device comes, or comes back. */
  async open(tenant: Tenant, setup: OpenDevice, signal: AbortSignal): Promise<void> {
    this.#tenants.set(setup.device, tenant)
    await this.#running().call('open', setup, { signal })
  }

  /** Rejects with NotConnectedError while there is no worker. */
  call<T>(operation: string, args: unknown, signal?: AbortSignal): Promise<T> {
    return this.#running().call<T>(operation, args, signal === undefined ? {} : { signal })
  }

  /** CPU and memory of the worker; undefined while there is none. */
  async usage(): Promise<WorkerUsage | undefined> {
    return this.#link?.usage()
  }

  /** The device goes; with the last one the worker. */
  async leave(number: number, opened: boolean): Promise<void> {
    if (!this.#tenants.delete(number)) return
    const link = this.#link
    if (link === undefined) return
    if (opened) await link.call('close', { device: number }).catch(() => {})
    if (this.#tenants.size > 0 || this.#link !== link) return
    this.#link = undefined
    await link.close()
  }

  #running(): WorkerLink {
    return (this.#link ??= new WorkerLink(WORKER, {
      name: 'the OPC UA worker',
      maxHeapMiB: MAX_HEAP_MIB,
      onEvent: (name, payload) => this.#take(name, payload),
      onEnd: () => {
        this.#link = undefined
        for (const tenant of this.#tenants.values()) tenant.evicted()
      },
    }))
  }

  #take(name: string, payload: unknown): void {
    if (name === 'log') return this.#log(payload as LogEvent)
    const tenant = this.#tenants.get((payload as { device: number }).device)
    if (tenant === undefined) return
    if (name === 'rows') tenant.rows(SampleBatch.fromParts((payload as RowsEvent).batch))
    else if (name === 'view') tenant.view((payload as ViewEvent).view)
    else if (name === 'audit') void this.#audit(tenant, payload as AuditEvent)
    else if (name === 'reasons') tenant.reasons((payload as ReasonsEvent).reasons)
  }

  async #audit(tenant: Tenant, { id, action, what }: AuditEvent): Promise<void> {
    const failed = await tenant.audit(action, what).then(() => undefined, messageOf)
    await this.#link?.call('audited', { id, failed } satisfies AuditAnswer).catch(() => {})
  }

  #log({ device, level, sentence }: LogEvent): void {
    const tenant = device === undefined ? this.#tenants.values().next().value : this.#tenants.get(device)
    tenant?.log[level]({ component: 'opcua' }, sentence)
  }
}
