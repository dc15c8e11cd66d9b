import type { ComponentChildren, RefObject } from 'preact'
import { useCallback, useEffect, useLayoutEffect, useMemo, useReducer, useRef } from 'preact/hooks'
import { HeightIndex } from './heights.ts'

export interface VirtualListProps<T> {
  items: readonly T[]
  keyOf(item: T): string | number
  render(item: T, index: number): ComponentChildren
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

/**
 * A list of any length of which only what is seen is in the page. Rows have the heights that they turn out to have; what
 * is looked at stays where it is when rows above it come, go or grow.
 */
export function VirtualList<T>(props: VirtualListProps<T>) {
  const { items, keyOf, render, estimate, follow = false, onFollowing, toEnd, label, class: className, footer } = props
  const scroller = useRef<HTMLDivElement>(null)
  const heights = useMemo(() => new HeightIndex(estimate), [])
  const view = useRef({ top: 0, height: 0, following: follow, anchor: undefined as Anchor | undefined })
  const redraw = useRedraw()
  heights.setKeys(items.map(keyOf))

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
    const moved = scrollTop !== state.top || clientHeight !== state.height
    const index = heights.indexAt(scrollTop)
    const anchor =
      items[index] === undefined ? undefined : { key: keyOf(items[index]), above: scrollTop - heights.offset(index) }
    view.current = { top: scrollTop, height: clientHeight, following, anchor }
    return moved
  }

  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const { following, anchor } = view.current
    const index = anchor === undefined ? -1 : heights.indexOf(anchor.key)
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

  const { top, height } = view.current
  const first = heights.indexAt(top - OVERSCAN_PX)
  const last = Math.min(items.length, heights.indexAt(top + (height || 800) + OVERSCAN_PX) + 1)
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
      {items.slice(first, last).map((item, offset) => (
        <Row key={keyOf(item)} id={keyOf(item)} heights={heights} observer={observer}>
          {render(item, first + offset)}
        </Row>
      ))}
      <div style={{ height: `${after}px` }} />
      {footer}
    </div>
  )
}

/** Draws again with the next frame: what comes of it may ask for that again, and nothing else would have its turn. */
function useRedraw(): () => void {
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  const frame = useRef(0)
  useEffect(() => () => cancelAnimationFrame(frame.current), [])
  return useCallback(() => {
    cancelAnimationFrame(frame.current)
    frame.current = requestAnimationFrame(() => redraw(undefined))
  }, [])
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
