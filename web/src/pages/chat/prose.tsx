import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { fail } from '../../state/session.ts'
import type * as Reader from './markdown.tsx'

/** What reads markdown is half of the page, and an empty conversation needs none of it. */
const reader = signal<typeof Reader | undefined>(undefined)
let loading: Promise<void> | undefined

async function load(): Promise<void> {
  try {
    reader.value = await import('./markdown.tsx')
  } catch (error) {
    loading = undefined
    fail(error)
  }
}

/** A text as markdown; as it was written until it is known how to read that. */
export function Prose(props: Reader.MarkdownProps) {
  useEffect(() => void (loading ??= load()), [])
  const read = reader.value
  if (read) return <read.Markdown {...props} />
  return (
    <p class="said" dir="auto">
      {props.text}
    </p>
  )
}
