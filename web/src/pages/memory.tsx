import { useSignal } from '@preact/signals'
import type { Result } from '../../../client/index.ts'
import { formatCount } from '../lib/format.ts'
import { useLoad } from '../lib/load.ts'
import { call, client, fail, may } from '../state/session.ts'
import { toast } from '../state/toasts.ts'
import { Button } from '../ui/button.tsx'
import { confirm, Dialog } from '../ui/dialog.tsx'
import { SearchInput, TextField } from '../ui/field.tsx'
import { Page } from '../ui/page.tsx'
import { Empty, Shown } from '../ui/states.tsx'
import { Ago } from '../ui/time.tsx'

type Entry = Result<'memory.browse'>['entries'][number]
type Found = Result<'memory.search'>['results'][number]

export default function MemoryPage() {
  const typed = useSignal('')
  const query = useSignal('')
  const adding = useSignal(false)
  const round = useSignal(0)
  const changed = () => void round.value++
  return (
    <Page
      title="Memory"
      about="What agents remember over all conversations, found by words and by meaning."
      actions={
        may('admin') && (
          <Button icon="plus" kind="primary" onClick={() => (adding.value = true)}>
            Add an entry
          </Button>
        )
      }
    >
      <Statistics key={round.value} />
      <form
        class="actions"
        role="search"
        onSubmit={(event) => {
          event.preventDefault()
          query.value = typed.value.trim()
        }}
      >
        <div style={{ flex: 1, minWidth: '12rem' }}>
          <SearchInput
            label="Search the memory"
            placeholder="What do you want to find? A question will do."
            value={typed.value}
            onInput={(value) => {
              typed.value = value
              if (!value) query.value = ''
            }}
          />
        </div>
        <Button type="submit">Search</Button>
      </form>
      {query.value ? (
        <Results key={round.value} query={query.value} onChanged={changed} />
      ) : may('admin') ? (
        <Browse key={round.value} onChanged={changed} />
      ) : (
        <Empty icon="search" title="Search for what is remembered">
          <p>You find what was told by you, and what is for everyone.</p>
        </Empty>
      )}
      {adding.value && (
        <AddDialog
          onClose={() => (adding.value = false)}
          onAdded={() => {
            adding.value = false
            changed()
          }}
        />
      )}
    </Page>
  )
}

function Statistics() {
  const loaded = useLoad((signal) => client().rest('memoryStats', {}, { signal }), [])
  return (
    <Shown of={loaded}>
      {({ stats }) => (
        <dl class="stats">
          <div class="stat">
            <dt>Entries</dt>
            <dd>{formatCount(stats.totalEntries)}</dd>
          </div>
          <div class="stat">
            <dt>Found by their meaning</dt>
            <dd>
              {formatCount(stats.embeddedEntries)}
              {stats.refusedEntries > 0 && <small>{stats.refusedEntries} are too long for the model</small>}
            </dd>
          </div>
          <div class="stat">
            <dt>Embedding model</dt>
            <dd>
              <small>
                <span class="mono">{stats.embeddingModel ?? 'none'}</span>
                {stats.dimensions ? `, ${stats.dimensions} dimensions` : ''}
              </small>
            </dd>
          </div>
          <div class="stat">
            <dt>Index</dt>
            <dd>
              <span class={stats.state === 'ready' ? 'badge ok' : 'badge warn'}>{stats.state}</span>
            </dd>
          </div>
        </dl>
      )}
    </Shown>
  )
}

interface ResultsProps {
  query: string
  onChanged(): void
}

function Results({ query, onChanged }: ResultsProps) {
  const loaded = useLoad((signal) => call('memory.search', { query, limit: 50 }, signal), [query])
  return (
    <Shown of={loaded}>
      {({ results }) =>
        results.length === 0 ? (
          <Empty icon="search" title="Nothing of that is remembered" />
        ) : (
          <Entries entries={results} onChanged={onChanged} />
        )
      }
    </Shown>
  )
}

const PAGE = 50

function Browse({ onChanged }: { onChanged(): void }) {
  const limit = useSignal(PAGE)
  const loaded = useLoad((signal) => call('memory.browse', { limit: limit.value }, signal), [limit.value])
  return (
    <Shown of={loaded}>
      {({ entries, next }) =>
        entries.length === 0 ? (
          <Empty icon="memory" title="Nothing is remembered yet">
            <p>Tell an agent to remember something, or add an entry here.</p>
          </Empty>
        ) : (
          <>
            <Entries entries={entries} onChanged={onChanged} />
            {next && limit.value < 1000 && (
              <div class="actions">
                <Button onClick={() => void (limit.value = Math.min(1000, limit.value + PAGE))}>Show more</Button>
              </div>
            )}
          </>
        )
      }
    </Shown>
  )
}

function Entries({ entries, onChanged }: { entries: readonly (Entry | Found)[]; onChanged(): void }) {
  async function remove(id: string): Promise<void> {
    const text = 'No agent finds it any more. This cannot be taken back.'
    if (!(await confirm({ title: 'Forget this?', text, action: 'Forget', danger: true }))) return
    await call('memory.delete', { ids: [id] })
    toast('Forgotten')
    onChanged()
  }

  return (
    <div class="card table-scroll">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Whose</th>
            <th scope="col">When</th>
            {'score' in (entries[0] ?? {}) && <th scope="col">Score</th>}
            {may('admin') && (
              <th scope="col">
                <span class="unseen">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.id}>
              <td class="break">
                {entry.content}{' '}
                {entry.tags.map((tag) => (
                  <span key={tag} class="badge">
                    {tag}
                  </span>
                ))}
              </td>
              <td class="small">
                {entry.clientId ?? 'everyone'}
                <div class="muted">{entry.agentId ?? 'all agents'}</div>
              </td>
              <td class="small">
                <Ago at={entry.timestamp} />
              </td>
              {'score' in entry && (
                <td>
                  <Score of={entry} />
                </td>
              )}
              {may('admin') && (
                <td>
                  <div class="actions end">
                    <Button slim icon="trash" danger label="Forget it" onClick={() => remove(entry.id)} />
                  </div>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const Score = ({ of: { score, similarity, textRank } }: { of: Found }) => (
  <div class="small nowrap">
    <meter min={0} max={1} value={score} aria-label="Score" /> <span class="mono">{score.toFixed(2)}</span>
    <div class="muted">
      {similarity !== undefined && `meaning ${similarity.toFixed(2)}`}
      {similarity !== undefined && textRank !== undefined && ' · '}
      {textRank !== undefined && `words: place ${textRank}`}
    </div>
  </div>
)

function AddDialog({ onClose, onAdded }: { onClose(): void; onAdded(): void }) {
  const content = useSignal('')
  const tags = useSignal('')
  const agentId = useSignal('')
  const clientId = useSignal('')

  async function add(): Promise<void> {
    try {
      await call('memory.store', {
        content: content.value,
        tags: tags.value.split(',').flatMap((tag) => tag.trim() || []),
        agentId: agentId.value || undefined,
        clientId: clientId.value || undefined
      })
      toast('It is remembered')
      onAdded()
    } catch (error) {
      fail(error)
    }
  }

  return (
    <Dialog title="Add an entry" onClose={onClose}>
      <TextField
        label="What is to be remembered"
        hint="One short sentence that can be understood by itself."
        rows={3}
        required
        value={content.value}
        onInput={(value) => (content.value = value)}
      />
      <TextField
        label="Tags"
        hint="Separated by commas."
        value={tags.value}
        onInput={(value) => (tags.value = value)}
      />
      <div class="form-row">
        <TextField
          label="Client"
          hint="Left out: it is everyone’s."
          value={clientId.value}
          onInput={(value) => (clientId.value = value)}
        />
        <TextField
          label="Agent"
          hint="Left out: all agents know it."
          value={agentId.value}
          onInput={(value) => (agentId.value = value)}
        />
      </div>
      <div class="actions end">
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" disabled={!content.value.trim()} onClick={add}>
          Remember it
        </Button>
      </div>
    </Dialog>
  )
}
