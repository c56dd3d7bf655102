/**
 * The four kinds of panel that the dashboards are made of. Each has a description and a unit; its queries name the data source
 * of the page. Sizes are Grafana's 24 columns.
 */
import {
  DashboardLinkBuilder,
  DashboardLinkType,
  FieldColorBuilder,
  FieldColorModeId,
  type DataTransformerConfig,
  type Panel,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard'
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TableCellDisplayMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline'
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as GraphBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { limitsText, SLATE, thresholds, type Limits } from './palette.ts'

export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }

/** What the builders of all panels have in common. */
export interface BuiltPanel {
  build(): Panel
}

export interface Query {
  readonly expr: string
  readonly legend?: string
}

export interface PanelText {
  readonly title: string
  readonly description: string
  /** Grafana's unit id. */
  readonly unit: string
  readonly queries: readonly Query[]
  readonly span?: number
  readonly limits?: Limits
  readonly mappings?: ValueMapping[]
  /** The dashboard that says more, by its uid. */
  readonly more?: string
  readonly decimals?: number
  readonly max?: number
}

export interface GraphText extends PanelText {
  /** Many series whose identity matters, such as one a device: a palette by name instead of shades of grey. */
  readonly many?: boolean
  readonly stacked?: boolean
}

interface CommonBuilder extends BuiltPanel {
  title(text: string): this
  description(text: string): this
  unit(unit: string): this
  datasource(ref: typeof DATASOURCE): this
  span(width: number): this
  height(rows: number): this
  withTarget(query: DataqueryBuilder): this
  thresholds(config: ReturnType<typeof thresholds>): this
  mappings(mappings: ValueMapping[]): this
  links(links: DashboardLinkBuilder[]): this
  decimals(decimals: number): this
  max(max: number): this
}

/** A tile with one number or word; filled when it is beyond its limits. */
export function stat(text: PanelText): BuiltPanel {
  const builder = new StatBuilder()
    .colorMode(
      text.limits === undefined && text.mappings === undefined
        ? BigValueColorMode.None
        : BigValueColorMode.BackgroundSolid,
    )
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
  return describe(builder, text, 4, 4, instant)
}

/** Lines over time, with limits as dashed lines. */
export function graph({ many = false, stacked = false, ...text }: GraphText): BuiltPanel {
  const color = many
    ? new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName)
    : new FieldColorBuilder().mode(FieldColorModeId.Shades).fixedColor(SLATE)
  const builder = new GraphBuilder()
    .colorScheme(color)
    .lineWidth(2)
    .fillOpacity(stacked ? 30 : 0)
    .showPoints(VisibilityMode.Never)
    .min(0)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(['lastNotNull', 'max']),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
  if (stacked) builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))
  if (text.limits !== undefined)
    builder.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed))
  return describe(builder, text, 12, 8, range)
}

/** One bar a series: which state it was in, when. */
export function timeline(text: PanelText): BuiltPanel {
  const builder = new TimelineBuilder()
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .showValue(VisibilityMode.Auto)
    .mergeValues(true)
    .fillOpacity(60)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([]),
    )
  return describe(builder, text, 12, 8, range)
}

/** The newest value of every series as rows; several queries are joined by their labels. */
export function table({ hide = [], names = {}, ...text }: TableText): BuiltPanel {
  const hidden = ['Time', '__name__', 'job', ...hide]
  const transformations: DataTransformerConfig[] = [
    { id: 'merge', options: {} },
    {
      id: 'organize',
      options: {
        excludeByName: Object.fromEntries(hidden.map((name) => [name, true])),
        indexByName: {},
        renameByName: text.queries.length === 1 ? { Value: 'value', ...names } : names,
      },
    },
  ]
  const builder = new TableBuilder()
    .transformations(transformations)
    .cellOptions({ type: TableCellDisplayMode.ColorText })
  return describe(builder, text, 12, 8, (expr, refId) => instant(expr, refId).format(PromQueryFormat.Table))
}

export interface TableText extends PanelText {
  readonly hide?: readonly string[]
  /** Headings: `Value #A` is the first query's value. */
  readonly names?: Readonly<Record<string, string>>
}

type Ask = (query: Query, refId: string) => DataqueryBuilder

const range: Ask = ({ expr, legend = '' }, refId) =>
  new DataqueryBuilder().refId(refId).datasource(DATASOURCE).expr(expr).legendFormat(legend).range()

const instant: Ask = ({ expr, legend = '' }, refId) =>
  new DataqueryBuilder().refId(refId).datasource(DATASOURCE).expr(expr).legendFormat(legend).instant()

function describe(builder: CommonBuilder, text: PanelText, width: number, height: number, ask: Ask): BuiltPanel {
  const { title, description, unit, queries, span = width, limits, mappings, more, decimals, max } = text
  const limited = limits === undefined ? '' : ` ${limitsText(limits, unit)}`
  builder
    .title(title)
    .description(`${description}${limited}`)
    .unit(unit)
    .datasource(DATASOURCE)
    .span(span)
    .height(height)
  builder.thresholds(thresholds(limits ?? {}))
  if (mappings !== undefined) builder.mappings(mappings)
  if (decimals !== undefined) builder.decimals(decimals)
  if (max !== undefined) builder.max(max)
  if (more !== undefined) builder.links([linkTo(more)])
  for (const [i, query] of queries.entries()) builder.withTarget(ask(query, String.fromCodePoint(65 + i)))
  return builder
}

/** To another of our dashboards, with the time range and the variables that both have. */
function linkTo(uid: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder('More')
    .type(DashboardLinkType.Link)
    .icon('dashboard')
    .tooltip('The dashboard that says more')
    .url(`/d/${uid}?\${__url_time_range}&\${__all_variables}`)
    .tags([])
}
