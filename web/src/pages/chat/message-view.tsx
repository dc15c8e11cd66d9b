import { formatMoment, formatTime } from '../../lib/format.ts'
import { Copy } from '../../ui/copy.tsx'
import { Icon } from '../../ui/icon.tsx'
import { type ChatMessage, type Part, textOf } from './message.ts'
import { Prose } from './prose.tsx'

/** What one side said. */
export function MessageView({ message, agent }: { message: ChatMessage; agent: string }) {
  const { role, parts, at, streaming, note, failed } = message
  const mine = role === 'user'
  const text = textOf(message)
  return (
    <article class={`message ${role}`} aria-label={mine ? 'You' : agent} aria-busy={streaming || undefined}>
      <div class="message-body">
        {parts.map((part, index) => (
          <PartView key={index} part={part} mine={mine} growing={Boolean(streaming) && index === parts.length - 1} />
        ))}
        {streaming && <span class="typing" role="img" aria-label="It is being answered" />}
      </div>
      {!streaming && (
        <footer class="message-foot">
          <time dateTime={new Date(at).toISOString()} title={formatMoment(at)}>
            {formatTime(at)}
          </time>
          {note && <span class={failed ? 'bad' : ''}>{note}</span>}
          {text && <Copy text={text} label="Copy the message" />}
        </footer>
      )}
    </article>
  )
}

function PartView({ part, mine, growing }: { part: Part; mine: boolean; growing: boolean }) {
  if (part.kind === 'tool') return <ToolView call={part} />
  if (part.kind === 'reasoning') return <Reasoning text={part.text} growing={growing} />
  // What people wrote is shown as they wrote it; the files among it as what they are.
  if (mine && !part.text.includes('](/media/')) {
    return (
      <p class="said" dir="auto">
        {part.text}
      </p>
    )
  }
  return <Prose text={part.text} growing={growing} />
}

const Reasoning = ({ text, growing }: { text: string; growing: boolean }) => (
  <details class="fold">
    <summary>
      <Icon name="thought" />
      {growing ? 'Thinking…' : 'Reasoning'}
    </summary>
    <div class="fold-body said muted" dir="auto">
      {text}
    </div>
  </details>
)

function ToolView({ call: { name, input, output, done } }: { call: Extract<Part, { kind: 'tool' }> }) {
  const failed = typeof output === 'object' && output !== null && 'error' in output
  return (
    <details class="fold">
      <summary>
        <Icon name="tool" />
        <span class="mono">{name}</span>
        <span class={failed ? 'badge bad' : 'badge'}>{failed ? 'failed' : done ? 'done' : 'called'}</span>
      </summary>
      <div class="fold-body">
        <h4>Input</h4>
        <pre class="json" tabIndex={0}>
          {pretty(input)}
        </pre>
        {done && (
          <>
            <h4>Output</h4>
            <pre class="json" tabIndex={0}>
              {typeof output === 'string' ? output : JSON.stringify(output, null, 2)}
            </pre>
          </>
        )}
      </div>
    </details>
  )
}

/** Arguments come piece by piece: what is no JSON yet is shown as it is. */
function pretty(input: string): string {
  try {
    return JSON.stringify(JSON.parse(input), null, 2)
  } catch {
    return input
  }
}
