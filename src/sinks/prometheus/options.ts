/** The options of the prometheus sink: the only place where they exist. Types, checks, reference page and form derive from here. */
import type { output } from 'zod'
import { z } from 'zod'
import { messageOf } from '../../core/errors.ts'
import { checkHttpOptions, httpOptions, httpUrl } from '../../core/http-options.ts'
import { parseName } from '../encode/tag-words.ts'

/** Two underscores at the beginning are Prometheus's own. */
const LABEL = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/

const template = () =>
  z.string().superRefine((text, context) => {
    try {
      parseName(text)
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) })
    }
  })

export const prometheusOptions = z
  .strictObject({
    url: httpUrl().describe(
      'Where samples are written: http://host:9090/api/v1/write for Prometheus, the remote-write address of Mimir, Thanos or VictoriaMetrics.',
    ),
    metric: template()
      .pipe(z.string().min(1))
      .default('bifrost_{tag}')
      .describe(
        'Name of the metric, a template with {device}, {tag}, {unit}, {type}, {log}, {sink}; what no name can hold becomes _.',
      ),
    labels: z
      .record(z.string().regex(LABEL, 'is no name of a label'), template())
      .default({ device: '{device}', tag: '{tag}', unit: '{unit}' })
      .describe('Labels of every series, name to template; one whose text is empty is left out.'),
    status: z
      .boolean()
      .default(true)
      .describe('A second series METRIC_status with the OPC UA status code of every sample.'),
    sequence: z
      .boolean()
      .default(false)
      .describe('A further series METRIC_seq with the sequence number of every sample and the label log.'),
    bad: z
      .enum(['stale', 'nan', 'value'])
      .default('stale')
      .describe(
        'What a sample of bad status says: stale (the series ends there until the next good sample), nan, or its last value.',
      ),
    texts: z
      .enum(['reject', 'leave-out'])
      .default('reject')
      .describe('Strings and bytes, which Prometheus cannot hold: into the dead letters, or the status alone.'),
    gaps: z
      .boolean()
      .default(true)
      .describe('Tell lost samples as the series bifrost_gap_samples, _from_seq and _to_seq.'),
    ...httpOptions,
    token: z.string().min(1).optional().describe('Bearer token.').meta({ secret: true }),
  })
  .superRefine((options, context) => {
    checkHttpOptions(options, context)
    if (options.token !== undefined && options.username !== undefined)
      context.addIssue({ code: 'custom', path: ['token'], message: 'token and username exclude each other' })
  })

export type PrometheusOptions = output<typeof prometheusOptions>
