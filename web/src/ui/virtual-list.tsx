import type { ComponentChildren, RefObject, VNode } from 'preact'
import { useCallback, useEffect, useLayoutEffect, useMemo, useReducer, useRef } from 'preact/hooks'
import { HeightIndex } from './heights.ts'

export interface VirtualListProps<T> {
  items: readonly T[]
  keyOf(item: T): string | number
  /** Draws a row. What was drawn is kept for as long as this is the same function and the item the same object. */
  render(item: T): ComponentChildren
  /** How high a row is until it was measured, in pixels. */
  estimate: number
  /** Stay at the end while someone reads there. */
  follow?: boolean
  /** Told when the reader leaves the end, and comes back to it. */
  onFollowing?(following: boolean): void
  /** Gets the way to the end. */
  toEnd?: RefObject<() => void>
  label: string
  class?: string
  /** Below the last row. */
  footer?: ComponentChildren
}

const OVERSCAN_PX = 400
const NEAR_END_PX = 40
/** How high a list is taken to be until it was measured. */
const UNKNOWN_PX = 800

/**
 * A list of any length of which only what is seen is in the page. Rows have the heights that they turn out to have; what
 * is looked at stays where it is when rows above it come, go or grow.
 */
export function VirtualList<T>(props: VirtualListProps<T>) {
  const { items, keyOf, render, estimate, follow = false, onFollowing, toEnd, label, class: className, footer } = props
  const scroller = useRef<HTMLDivElement>(null)
  const heights = useMemo(() => new HeightIndex(estimate), [])
  const view = useRef({ top: 0, height: 0, following: follow, anchor: undefined as Anchor | undefined })
  const { redraw, drawn: isDrawn } = useRedraw()
  const listed = useRef<readonly T[] | undefined>(undefined)
  if (listed.current !== items) heights.setKeys(items.map(keyOf))
  listed.current = items
  const drawn = useRef({ first: 0, last: 0 })
  const rows = useRows(render)

  const observer = useMemo(
    () =>
      new ResizeObserver((entries) => {
        let changed = false
        for (const { target, borderBoxSize } of entries) {
          const key = keys.get(target)
          const height = borderBoxSize[0]?.blockSize
          if (key !== undefined && height) changed = heights.set(key, height) || changed
        }
        if (changed) redraw()
      }),
    []
  )

  function measure(): boolean {
    const element = scroller.current
    if (!element) return false
    const { scrollTop, clientHeight, scrollHeight } = element
    const state = view.current
    // New rows move the end away from a reader who stays: only going up says that they want to leave it.
    const atEnd = scrollHeight - clientHeight - scrollTop < NEAR_END_PX
    const following = follow && (atEnd || (state.following && scrollTop >= state.top - 1))
    if (following !== state.following) onFollowing?.(following)
    const index = heights.indexAt(scrollTop)
    const anchor =
      items[index] === undefined ? undefined : { key: keyOf(items[index]), above: scrollTop - heights.offset(index) }
    view.current = { top: scrollTop, height: clientHeight, following, anchor }
    // Where the end is settles only once it was drawn there.
    if (following && scrollTop !== state.top) return true
    // What is drawn reaches further than what is seen: it is drawn again before its end is.
    const { first, last } = rangeOf(OVERSCAN_PX / 2)
    return first < drawn.current.first || last > drawn.current.last
  }

  /** The rows that are seen, and those that are so near that they may be soon. */
  function rangeOf(overscan: number): { first: number; last: number } {
    const { height, following } = view.current
    const seen = height || UNKNOWN_PX
    // Who follows sees the end, wherever that has moved to since.
    const top = following ? heights.total - seen : view.current.top
    return {
      first: heights.indexAt(top - overscan),
      last: Math.min(items.length, heights.indexAt(top + seen + overscan) + 1)
    }
  }

  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    isDrawn()
    const { following, anchor } = view.current
    const index = following || anchor === undefined ? -1 : heights.indexOf(anchor.key)
    const wanted = following
      ? element.scrollHeight
      : index < 0
        ? undefined
        : heights.offset(index) + (anchor?.above ?? 0)
    if (wanted !== undefined && Math.abs(wanted - element.scrollTop) > 1) element.scrollTop = wanted
    if (measure()) redraw()
  })

  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const resized = new ResizeObserver(redraw)
    resized.observe(element)
    return () => {
      resized.disconnect()
      observer.disconnect()
    }
  }, [])

  if (toEnd) {
    toEnd.current = () => {
      view.current.following = follow
      scroller.current?.scrollTo({ top: scroller.current.scrollHeight })
    }
  }

  drawn.current = rangeOf(OVERSCAN_PX)
  const { first, last } = drawn.current
  const after = heights.total - heights.offset(last)
  return (
    <div
      ref={scroller}
      class={className ? `virtual ${className}` : 'virtual'}
      role="region"
      aria-label={label}
      tabIndex={0}
      onScroll={() => {
        if (measure()) redraw()
      }}
    >
      <div style={{ height: `${heights.offset(first)}px` }} />
      {rows(items.slice(first, last), (item) => (
        <Row key={keyOf(item)} id={keyOf(item)} heights={heights} observer={observer}>
          {render(item)}
        </Row>
      ))}
      <div style={{ height: `${after}px` }} />
      {footer}
    </div>
  )
}

/** Rows as they were drawn: the same one again is nothing that Preact would have to look into. */
function useRows<T>(render: (item: T) => unknown): (items: readonly T[], draw: (item: T) => VNode) => VNode[] {
  const known = useRef({ render, rows: new Map<T, VNode>() })
  return (items, draw) => {
    const before = known.current.render === render ? known.current.rows : undefined
    const rows = new Map(items.map((item) => [item, before?.get(item) ?? draw(item)]))
    known.current = { render, rows }
    return [...rows.values()]
  }
}

/**
 * Draws again with the next frame: what comes of it may ask for that again, and nothing else would have its turn. `drawn`
 * says that it was drawn for another reason meanwhile.
 */
function useRedraw(): { redraw(): void; drawn(): void } {
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  const frame = useRef(0)
  useEffect(() => () => cancelAnimationFrame(frame.current), [])
  const drawn = useCallback(() => cancelAnimationFrame(frame.current), [])
  const later = useCallback(() => {
    cancelAnimationFrame(frame.current)
    frame.current = requestAnimationFrame(() => redraw(undefined))
  }, [])
  return { redraw: later, drawn }
}

interface Anchor {
  key: string | number
  above: number
}

const keys = new WeakMap<Element, string | number>()

interface RowProps {
  id: string | number
  heights: HeightIndex
  observer: ResizeObserver
  children: ComponentChildren
}

function Row({ id, heights, observer, children }: RowProps) {
  const ref = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const element = ref.current
    if (!element) return
    keys.set(element, id)
    // Where the end is has to be known before the first look at it: an estimate there would move it to and fro.
    heights.set(id, element.offsetHeight)
    observer.observe(element)
    return () => observer.unobserve(element)
  }, [id])
  return (
    <div ref={ref} class="virtual-row">
      {children}
    </div>
  )
}
