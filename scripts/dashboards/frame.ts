/** What every dashboard has: variables, links to the others and to the runbooks, annotations, and a text that says what it is for. */
import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
  type Dashboard,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DATASOURCE, type BuiltPanel } from './panels.ts'

/** Selectors of the variables; the job is that of the shipped Prometheus configuration. */
export const ON = 'instance=~"$instance"'
export const ON_DEVICE = `${ON}, device=~"$device"`
export const ON_SINK = `${ON}, sink=~"$sink"`

export interface Page {
  readonly uid: string
  readonly title: string
  readonly description: string
  /** Further variables than data source and instance. */
  readonly picks?: readonly ('device' | 'sink')[]
  readonly rows: readonly { readonly title: string; readonly panels: readonly BuiltPanel[] }[]
}

/** The newest schema that Grafana 11.0 knows; later ones migrate it when they load it. */
const SCHEMA_VERSION = 39

export function dashboard({ uid, title, description, picks = [], rows }: Page): Dashboard {
  const builder = new DashboardBuilder(`Bifrost / ${title}`)
    .uid(uid)
    .description(description)
    .tags(['bifrost'])
    .timezone('browser')
    .time({ from: 'now-6h', to: 'now' })
    .refresh('30s')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .variables([
      new DatasourceVariableBuilder('datasource')
        .label('Prometheus')
        .description('The Prometheus server that scrapes the gateways')
        .type('prometheus'),
      pick('instance', 'Gateway', 'label_values(bifrost_build_info, instance)'),
      ...picks.map((name) => PICKS[name]),
      new TextBoxVariableBuilder('runbooks')
        .label('Runbooks at')
        .description(
          'Where the pages of docs/runbooks/alerts are served, as in the label bifrost_runbooks of the alerts',
        )
        .defaultValue('docs/runbooks/alerts'),
    ])
    .links([
      new DashboardLinkBuilder('Bifrost')
        .type(DashboardLinkType.Dashboards)
        .icon('external link')
        .tooltip('The other dashboards of the gateway')
        .tags(['bifrost'])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
      new DashboardLinkBuilder('Runbooks')
        .type(DashboardLinkType.Link)
        .icon('doc')
        .tooltip('What to do about each alert')
        .url('${runbooks}/README.md')
        .tags([])
        .targetBlank(true),
    ])
    .annotations(ANNOTATIONS)
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title))
    for (const panel of row.panels) builder.withPanel(panel)
  }
  const built = builder.build()
  built.schemaVersion = SCHEMA_VERSION
  for (const [i, panel] of (built.panels ?? []).entries()) {
    panel.id = i + 1
    if (panel.type === 'table') delete panel.options.footer
  }
  for (const variable of built.templating.list ?? []) forgetIntervals(variable)
  return built
}

/** The builders write defaults that Grafana's published types know for other kinds only. */
function forgetIntervals(variable: VariableModel): void {
  delete variable.auto
  delete variable.auto_min
  delete variable.auto_count
}

const pick = (name: string, label: string, query: string): QueryVariableBuilder =>
  new QueryVariableBuilder(name)
    .label(label)
    .query({ query, refId: `variable-${name}` })
    .datasource(DATASOURCE)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current({ selected: true, text: ['All'], value: ['$__all'] })

const PICKS = {
  device: pick('device', 'Device', `label_values(bifrost_device_up{${ON}}, device)`),
  sink: pick('sink', 'Sink', `label_values(bifrost_sink_up{${ON}}, sink)`),
}

const annotation = (name: string, colour: string, expr: string, title: string, text: string): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATASOURCE)
    .enable(true)
    .hide(false)
    .iconColor(colour)
    .expr(expr)
    .step('60s')
    .titleFormat(title)
    .textFormat(text)
    .tagKeys('instance')

/** What explains a step in a line: another version, another configuration, somebody at work. */
const ANNOTATIONS = [
  annotation(
    'Starts and versions',
    'blue',
    `bifrost_start_timestamp_seconds{${ON}} * 1000 * on (instance) group_left (version) bifrost_build_info`,
    'Started',
    'version {{version}} on {{instance}}',
  ).useValueForTime(true),
  annotation(
    'Configuration',
    'purple',
    `bifrost_config_last_reload_success_timestamp_seconds{${ON}} * 1000`,
    'Configuration taken up',
    '{{instance}}',
  ).useValueForTime(true),
  annotation(
    'Maintenance',
    'super-light-blue',
    `bifrost_maintenance_active{${ON}} == 1`,
    'Maintenance',
    '{{device}} on {{instance}}; an empty device is the whole gateway',
  ),
]
