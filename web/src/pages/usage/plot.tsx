import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { formatCompact, formatCost, formatDay, formatMoment } from '../../lib/format.ts'
import { theme } from '../../state/theme.ts'
import { type Line, type Metric, type Usage, valueOf } from './series.ts'
import 'uplot/dist/uPlot.min.css'

/** So many lines have a colour of their own; what is left is one line. */
export const MOST_LINES = 6
const HEIGHT_PX = 260
const TICK_HOUR: Intl.DateTimeFormatOptions = { hour: 'numeric', minute: '2-digit' }
const TICK_DAY: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short' }

export const formatValue = (value: number, metric: Metric) =>
  metric === 'cost' ? formatCost(value) : formatCompact(value)

export interface PlotProps {
  usage: Usage
  lines: readonly Line[]
  metric: Metric
}

/** Columns over time, one line of colour upon the other. */
export function Plot({ usage, lines, metric }: PlotProps) {
  const place = useRef<HTMLDivElement>(null)
  const hovered = useSignal<number | undefined>(undefined)
  const dark = useDarkness()

  useEffect(() => {
    const element = place.current
    if (!element) return
    const plot = new uPlot(
      optionsOf(element, lines, metric, usage.pieceMs, (index) => (hovered.value = index)),
      stack(usage.starts, lines, metric),
      element
    )
    const resized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT_PX }))
    resized.observe(element)
    return () => {
      resized.disconnect()
      plot.destroy()
    }
  }, [usage, lines, metric, dark])

  const at = hovered.value
  return (
    <figure class="plot">
      <div ref={place} role="img" aria-label={`${metric} over time; the table below has the numbers`} />
      <figcaption class="plot-told small">
        {at === undefined || usage.starts[at] === undefined ? (
          <span class="muted">Point at a column to read it</span>
        ) : (
          <>
            <strong>
              {usage.pieceMs >= 86_400_000 ? formatDay(usage.starts[at]) : formatMoment(usage.starts[at])}
            </strong>
            {lines.map((line, index) => {
              const sum = line.sums[at]
              const value = sum ? valueOf(sum, metric) : 0
              return value > 0 ? (
                <span key={line.name}>
                  <span class={`swatch line-${index}`} /> {line.name} {formatValue(value, metric)}
                </span>
              ) : null
            })}
          </>
        )}
      </figcaption>
    </figure>
  )
}

/** Whether it is dark now: a canvas does not follow the theme by itself. */
function useDarkness(): boolean {
  const query = matchMedia('(prefers-color-scheme: dark)')
  const system = useSignal(query.matches)
  useEffect(() => {
    const follow = () => (system.value = query.matches)
    query.addEventListener('change', follow)
    return () => query.removeEventListener('change', follow)
  }, [])
  return theme.value === 'system' ? system.value : theme.value === 'dark'
}

/** The hour, or the day where hours are too many. */
function formatTick(at: number, pieceMs: number): string {
  const options = pieceMs < 6 * 3_600_000 ? TICK_HOUR : TICK_DAY
  return new Intl.DateTimeFormat(undefined, options).format(at)
}

/** A colour of the style sheet as the canvas needs it. */
function colourOf(element: HTMLElement, name: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${name})`
  element.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

/** Each line is drawn from the ground up, the sum of all first, so that what is left to see of it is its own. */
function stack(starts: readonly number[], lines: readonly Line[], metric: Metric): uPlot.AlignedData {
  const columns: number[][] = []
  let below = starts.map(() => 0)
  for (const line of lines) {
    const under = below
    below = line.sums.map((sum, index) => (under[index] ?? 0) + valueOf(sum, metric))
    columns.push(below)
  }
  return [starts.map((start) => start / 1000), ...columns.reverse()]
}

function optionsOf(
  element: HTMLElement,
  lines: readonly Line[],
  metric: Metric,
  pieceMs: number,
  onHover: (index: number | undefined) => void
): uPlot.Options {
  const muted = colourOf(element, '--muted')
  const grid = { stroke: colourOf(element, '--line'), width: 1 }
  const axis = { stroke: muted, grid, ticks: { show: false }, font: '12px system-ui, sans-serif' }
  const bars = uPlot.paths.bars?.({ size: [0.72, 46], align: 1, radius: 0.12 })
  const count = lines.length
  return {
    width: element.clientWidth,
    height: HEIGHT_PX,
    padding: [12, 28, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    hooks: { setCursor: [({ cursor }) => onHover(cursor.idx ?? undefined)] },
    scales: {
      x: { range: (_plot, min, max) => [min, max + pieceMs / 1000] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] }
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        values: (_plot, ticks) => ticks.map((tick) => formatTick(tick * 1000, pieceMs))
      },
      {
        ...axis,
        size: 64,
        values: (_plot, ticks) => ticks.map((tick) => (tick === 0 ? '0' : formatValue(tick, metric)))
      }
    ],
    series: [
      {},
      ...lines.map((_line, index) => {
        const colour = colourOf(element, `--line-${count - 1 - index}`)
        return { stroke: colour, fill: colour, width: 0, paths: bars, points: { show: false } }
      })
    ]
  }
}
