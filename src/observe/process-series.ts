/** The series of the process and its machine; read once a scrape. Without the HTTP server's watch there are none. */
import type { Exposition } from './exposition.ts'
import type { System } from './system/system.ts'

export type ProcessFigures = Awaited<ReturnType<System['figures']>>

/** One series, where the figure is known. */
export function known(out: Exposition, value: number | null | undefined): void {
  if (value !== null && value !== undefined) out.sample({}, value)
}

/** 1 or 0, where it is known. */
export const yesOrNo = (value: boolean | null | undefined): number | null | undefined =>
  typeof value === 'boolean' ? Number(value) : value

export const memoryLimit = (figures: ProcessFigures | undefined): number | undefined =>
  figures && Math.min(figures.memory.cgroupLimitBytes ?? Infinity, figures.memory.machineBytes)
