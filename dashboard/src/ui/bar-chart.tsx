import { useId, type ReactElement } from 'react'
import { formatCompact, formatNumber } from '../format.js'
import type { Tone } from './badge.js'

/** What is stacked in each bar. */
export interface Series {
  readonly name: string
  readonly tone: Tone
}

/** One bar. */
export interface Bar {
  /** What it stands for, in full: `Mar 1, 2026`. */
  readonly label: string
  /** A number for each series, in their order. */
  readonly values: readonly number[]
}

/** What a bar chart takes. */
export interface BarChartProps {
  /** What it shows: `Calls a day`. */
  readonly title: string
  readonly series: readonly Series[]
  readonly bars: readonly Bar[]
  /** In pixels, 160 unless it is told. */
  readonly height?: number | undefined
  /** True where the heading above says what it is. */
  readonly titleHidden?: boolean | undefined
}

/** Stacked bars. What they show can be read as a table too: by everybody, below the chart. */
export function BarChart({
  title,
  series,
  bars,
  height = 160,
  titleHidden = false,
}: BarChartProps): ReactElement {
  const id = useId()
  const most = Math.max(1, ...bars.map(({ values }) => sum(values)))
  const width = 1000
  const step = width / Math.max(1, bars.length)
  const gap = Math.min(6, step * 0.25)
  return (
    <figure className="chart" aria-labelledby={id}>
      <figcaption>
        <span id={id} className={titleHidden ? 'visually-hidden' : undefined}>
          {title}
        </span>
        <ul className="chart-legend">
          {series.map(({ name, tone }, index) => (
            <li key={name} data-tone={tone}>
              {name} <b>{formatCompact(sum(bars.map(({ values }) => values[index] ?? 0)))}</b>
            </li>
          ))}
        </ul>
      </figcaption>
      <div className="chart-plot">
        <span className="chart-most" aria-hidden="true">
          {formatCompact(most)}
        </span>
        <svg
          viewBox={`0 0 ${String(width)} 100`}
          preserveAspectRatio="none"
          height={height}
          aria-hidden="true"
        >
          {bars.map((bar, index) => (
            <BarOf
              key={bar.label}
              bar={bar}
              series={series}
              most={most}
              x={index * step + gap / 2}
              width={step - gap}
            />
          ))}
        </svg>
        <div className="chart-ends" aria-hidden="true">
          <span>{bars.at(0)?.label}</span>
          {bars.length > 1 && <span>{bars.at(-1)?.label}</span>}
        </div>
      </div>
      <ChartTable title={title} series={series} bars={bars} />
    </figure>
  )
}

function BarOf(props: {
  readonly bar: Bar
  readonly series: readonly Series[]
  readonly most: number
  readonly x: number
  readonly width: number
}): ReactElement {
  const { bar, series, most, x, width } = props
  const heights = bar.values.map((value) => (value / most) * 100)
  return (
    <g className="chart-bar">
      <title>
        {[bar.label, ...series.map(({ name }, at) => `${name}: ${formatNumber(bar.values[at] ?? 0)}`)].join(
          '\n',
        )}
      </title>
      <rect className="chart-hit" x={x} y={0} width={width} height={100} />
      {series.map(({ name, tone }, at) => {
        const height = heights[at] ?? 0
        const y = 100 - sum(heights.slice(0, at + 1))
        return <rect key={name} data-tone={tone} x={x} y={y} width={width} height={height} />
      })}
    </g>
  )
}

function ChartTable({ title, series, bars }: Pick<BarChartProps, 'title' | 'series' | 'bars'>): ReactElement {
  return (
    <details className="chart-table">
      <summary>Show as a table</summary>
      <div className="chart-scroll" tabIndex={0} role="region" aria-label={`${title}, as a table`}>
        <table>
          <caption className="visually-hidden">{title}</caption>
          <thead>
            <tr>
              <th scope="col">When</th>
              {series.map(({ name }) => (
                <th scope="col" key={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {bars.map((bar) => (
              <tr key={bar.label}>
                <th scope="row">{bar.label}</th>
                {series.map(({ name }, at) => (
                  <td key={name}>{formatNumber(bar.values[at] ?? 0)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
