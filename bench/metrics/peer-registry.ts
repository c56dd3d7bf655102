/** The registry of @prometheus-io/client with the same families, labels and values as a text of ours. */
import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client'

export function createPeer(text: string): Registry {
  const registry = new Registry()
  for (const family of text.split('# HELP ').slice(1)) {
    const [name, type] = /# TYPE (\S+) (\S+)/.exec(family)!.slice(1) as [string, string]
    const lines = family
      .split('\n')
      .slice(1)
      .filter((line) => line !== '' && line.startsWith(name))
    if (lines.length === 0) continue
    const help = family.slice(name.length + 1, family.indexOf('\n'))
    const labelNames = Object.keys(labelsOf(lines[0]!)).filter((label) => label !== 'le')
    const options: { name: string; help: string; labelNames: string[]; registers: Registry[] } = {
      name,
      help,
      labelNames,
      registers: [registry],
    }
    if (type === 'histogram') fill(new Histogram<string>({ ...options, buckets: boundsOf(lines) }), name, lines)
    else if (type === 'counter') {
      const counter = new Counter<string>(options)
      for (const line of lines) counter.inc(labelsOf(line), Math.max(0, valueOf(line)))
    } else {
      const gauge = new Gauge<string>(options)
      for (const line of lines) gauge.set(labelsOf(line), valueOf(line))
    }
  }
  return registry
}

/** As many observations as there were make no difference to how it is written: one a series is enough. */
function fill(histogram: Histogram<string>, name: string, lines: readonly string[]): void {
  for (const line of lines) if (line.startsWith(`${name}_sum`)) histogram.observe(labelsOf(line), valueOf(line))
}

const boundsOf = (lines: readonly string[]): number[] =>
  [...new Set(lines.flatMap((line) => /le="([\d.e-]+)"/.exec(line)?.[1] ?? []))].map(Number)

const labelsOf = (line: string): Record<string, string> =>
  Object.fromEntries([...line.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, value]) => [label!, value!]))

const valueOf = (line: string): number => Number(line.slice(line.lastIndexOf(' ')))
