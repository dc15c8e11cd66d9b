import { useEffect, useMemo, useRef } from 'preact/hooks'
import { type Block, GrowingMarkdown } from '../../lib/markdown.ts'
import { download } from '../../lib/download.ts'
import { client, fail } from '../../state/session.ts'
import { toast } from '../../state/toasts.ts'

export interface MarkdownProps {
  text: string
  /** More is to come: its last block is not finished. */
  growing: boolean
}

/** A text as markdown. While it grows only its last block is made again. */
export function Markdown({ text, growing }: MarkdownProps) {
  const markdown = useMemo(() => new GrowingMarkdown(), [])
  const blocks = useMemo(() => markdown.render(text), [text])
  return (
    <div class="markdown" dir="auto">
      {blocks.map((block, index) => (
        <BlockView key={block.at} block={block} done={!growing || index < blocks.length - 1} />
      ))}
    </div>
  )
}

function BlockView({ block: { html }, done }: { block: Block; done: boolean }) {
  const ref = useRef<HTMLDivElement>(null)
  const inner = useMemo(() => ({ __html: html }), [html])
  useEffect(() => {
    if (!ref.current || !done) return
    const stop = new AbortController()
    for (const pre of ref.current.querySelectorAll('pre')) finishCode(pre)
    void showMedia(ref.current, stop.signal).catch(fail)
    return () => stop.abort()
  }, [html, done])
  return <div ref={ref} dangerouslySetInnerHTML={inner} />
}

const ALIASES: Record<string, string> = {
  js: 'javascript',
  ts: 'typescript',
  jsx: 'javascript',
  tsx: 'typescript',
  py: 'python',
  sh: 'bash',
  shell: 'bash',
  zsh: 'bash',
  yml: 'yaml',
  html: 'xml',
  svg: 'xml',
  rs: 'rust',
  md: 'markdown',
  golang: 'go'
}

/** Gives a block of code its colours, a name and a button to copy it. */
function finishCode(pre: HTMLPreElement): void {
  const code = pre.querySelector('code')
  if (!code || pre.dataset.done) return
  pre.dataset.done = 'true'
  pre.tabIndex = 0
  const language = pre.dataset.language ?? ''
  const head = Object.assign(document.createElement('div'), { className: 'code-head' })
  const name = Object.assign(document.createElement('span'), { textContent: language || 'text' })
  const copy = Object.assign(document.createElement('button'), {
    type: 'button',
    className: 'button quiet slim',
    textContent: 'Copy'
  })
  copy.addEventListener('click', () => {
    navigator.clipboard.writeText(code.textContent ?? '').then(() => toast('Copied'), fail)
  })
  head.append(name, copy)
  pre.before(head)
  if (!language) return
  // What is not there yet is loaded; without its colours code can be read as well.
  import('../../lib/highlight.ts').then(({ highlight }) => highlight(code, ALIASES[language] ?? language), fail)
}

const MEDIA = /^\/?media\/([\w.-]+)$/

async function fetchFile(event: Event, id: string, name: string): Promise<void> {
  event.preventDefault()
  try {
    download(name, await client().download(id))
  } catch (error) {
    fail(error)
  }
}

/** Files of the gateway need the token, which an image cannot send: they are fetched, and shown from memory. */
async function showMedia(element: HTMLElement, signal: AbortSignal): Promise<void> {
  for (const link of element.querySelectorAll('a')) {
    const [, id] = MEDIA.exec(link.getAttribute('href') ?? '') ?? []
    if (id) link.addEventListener('click', (event) => void fetchFile(event, id, link.textContent ?? id), { signal })
  }
  for (const image of element.querySelectorAll<HTMLImageElement>('img')) {
    const [, id] = MEDIA.exec(image.getAttribute('src') ?? '') ?? []
    if (!id) continue
    const url = URL.createObjectURL(await client().download(id, { signal }))
    image.addEventListener('load', () => URL.revokeObjectURL(url), { once: true })
    image.src = url
  }
}
