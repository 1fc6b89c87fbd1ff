import type { UsageView } from '@bitting/client'
import type { Catalog } from '@bitting/core'
import type { ReactElement } from 'react'
import { formatNumber } from '../../format.js'
import { BarChart } from '../../ui/bar-chart.js'
import { EmptyState } from '../../ui/empty-state.js'
import { Segmented } from '../../ui/segmented.js'
import { Skeleton } from '../../ui/skeleton.js'
import { permissionTitle } from './permission-title.js'
import { chartOf, totalOf, USAGE_RANGES, type UsageRange } from './usage-data.js'
import './usage.css'

/** Calls over time: allowed ones by permission, and what was denied; with the sums above. */
export function UsageChart(props: {
  readonly usage: UsageView
  readonly catalog: Catalog | undefined
  readonly range: UsageRange
}): ReactElement {
  const { usage, catalog, range } = props
  const { allowed, denied } = totalOf(usage.data)
  const { series, bars } = chartOf(usage, permissionTitle(catalog))
  return (
    <div className="usage-view">
      <dl className="usage-totals">
        <Total term="Allowed" value={allowed} tone="good" />
        <Total term="Denied" value={denied} tone="bad" />
      </dl>
      {allowed + denied === 0 ? (
        <EmptyState icon="overview" title={`No call in ${wordsOf(range)}`}>
          Calls show here some seconds after they were made.
        </EmptyState>
      ) : (
        <BarChart
          title={`Calls in ${wordsOf(range)}, by the ${usage.step}${usage.step === 'day' ? ' in UTC' : ''}`}
          series={series}
          bars={bars}
        />
      )}
    </div>
  )
}

/** A range in words: `the last 7 days`. */
export function wordsOf(range: UsageRange): string {
  return USAGE_RANGES.find(({ value }) => value === range)?.words ?? ''
}

/** Chooses how far back to look. */
export function UsageRangeChoice(props: {
  readonly value: UsageRange
  readonly onValueChange: (range: UsageRange) => void
}): ReactElement {
  return <Segmented legend="Range" {...props} choices={USAGE_RANGES} />
}

/** What stands in for a chart until the counts are there. */
export function UsageChartPending(): ReactElement {
  return (
    <div className="usage-view" role="status" aria-label="Loading">
      <Skeleton width="10rem" height="3rem" />
      <Skeleton height="14.75rem" />
    </div>
  )
}

function Total(props: {
  readonly term: string
  readonly value: number
  readonly tone: string
}): ReactElement {
  const { term, value, tone } = props
  return (
    <div data-tone={tone}>
      <dt>{term}</dt>
      <dd>{formatNumber(value)}</dd>
    </div>
  )
}
