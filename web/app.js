const $ = (id) => document.getElementById(id)
const [input, scroller, conversation] = [$('message'), $('scroller'), $('conversation')]

// The storage belongs to the whole origin, and a host application may hold several gateways.
const place = `comis-gateway:${new URL('..', location.href).pathname}:`
const recall = (name) => sessionStorage.getItem(place + name) ?? ''
const keep = (name, value) => sessionStorage.setItem(place + name, value)

const REFUSALS = { 401: 'This token is not valid.', 403: 'This token may not chat: it lacks the scope “rpc”.' }
const LOST = 'The connection was lost before the answer ended.'
const ENDS = {
  length: 'Cut off at the length limit',
  max_steps: 'Ended after the last step it may take',
  budget_exceeded: 'Ended by its budget',
  content_filter: 'Cut off by a content filter',
  aborted: 'Stopped by the gateway'
}

let running
let following = true
let lastTop = 0

async function ask(path, init) {
  const headers = { authorization: `Bearer ${recall('token')}`, 'content-type': 'application/json' }
  const response = await fetch(`../api/${path}`, { ...init, headers }).catch(() => undefined)
  if (!response) throw new Error('The gateway cannot be reached.')
  if (response.ok) return response
  const reason = REFUSALS[response.status] ?? (await explain(response))
  throw Object.assign(new Error(reason), { status: response.status })
}

async function explain(response) {
  const error = (await response.json().catch(() => undefined))?.error
  const seconds = Number(response.headers.get('retry-after'))
  const reason = error?.message ?? error ?? `The gateway answered with status ${response.status}`
  return seconds > 0 ? `${reason}. Try again in ${seconds} s.` : reason
}

async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    // Where a CR ends a piece, the LF that may follow is an empty line before the next event, and does no harm.
    const blocks = (rest + value).split(/(?:\r\n|\n|\r(?!\n)){2}/)
    rest = blocks.pop()
    for (const block of blocks) {
      const fields = [...block.matchAll(/(?:^|[\r\n])(event|data): ?([^\r\n]*)/g)]
      const valuesOf = (name) => fields.filter((field) => field[1] === name).map((field) => field[2])
      const data = valuesOf('data').join('\n')
      if (data) yield { type: valuesOf('event').at(-1), data: JSON.parse(data) }
    }
  }
}

function add(parent, tag, className, text = '') {
  const element = document.createElement(tag)
  Object.assign(element, { className, textContent: text, dir: 'auto' })
  return parent.appendChild(element)
}

function addMessage(role, content) {
  const message = add(conversation, 'article', role)
  message.ariaLabel = role === 'user' ? 'You' : 'Agent'
  if (content) add(message, 'div', 'text', content)
  return message
}

function addReasoning(answer) {
  const details = add(answer, 'details', 'note reasoning')
  add(details, 'summary', '', 'Reasoning')
  add(details, 'div', '')
  return details
}

// Setting the whole text again for each token would take time with the square of its length.
const write = (element, text) => (element.firstChild ?? element.appendChild(new Text())).appendData(text)
const lastOf = (answer, name) => (answer.lastChild?.classList.contains(name) ? answer.lastChild : undefined)

function showTurn(answer) {
  const tools = new Map()
  return {
    token: ({ delta }) => write(lastOf(answer, 'text') ?? add(answer, 'div', 'text'), delta),
    reasoning: ({ delta }) => write((lastOf(answer, 'reasoning') ?? addReasoning(answer)).lastChild, delta),
    tool_call({ callId, name, delta }) {
      if (!tools.has(callId)) tools.set(callId, add(answer, 'p', 'note tool', `${name} `))
      write(tools.get(callId), delta)
    },
    tool_result({ callId, output }) {
      const text = typeof output === 'string' ? output : JSON.stringify(output)
      if (tools.has(callId)) write(tools.get(callId), ` → ${text.slice(0, 300)}`)
    },
    done: ({ finishReason, tokensUsed: { total } }) =>
      add(answer, 'p', 'note', [ENDS[finishReason], `${total} tokens`].filter(Boolean).join(' · ')),
    error: ({ error }) => add(answer, 'p', 'note error', error)
  }
}

async function readAnswer({ body }, answer) {
  const show = showTurn(answer)
  let last
  for await (const { type, data } of readEvents(body)) {
    show[type]?.(data)
    last = type
  }
  if (last !== 'done' && last !== 'error') throw new Error(LOST)
}

async function send() {
  const message = input.value
  if (running || !message.trim()) return
  const turn = { question: addMessage('user', message), answer: addMessage('assistant'), stop: new AbortController() }
  setRunning(turn)
  input.value = ''
  input.focus()
  following = true
  const body = JSON.stringify({ message, agentId: $('agent').value, sessionKey: recall('session') })
  try {
    const init = { method: 'POST', body, signal: turn.stop.signal }
    const response = await ask('chat/stream?accumulate=false', init)
    turn.taken = true
    await readAnswer(response, turn.answer)
  } catch (error) {
    fail(turn, message, error)
  }
  if (running === turn) setRunning(undefined)
  if (turn.answer.isConnected) $('status').textContent = turn.answer.innerText
}

function fail({ question, answer, stop, taken }, message, error) {
  if (stop.signal.aborted) return add(answer, 'p', 'note', 'Stopped')
  add(answer, 'p', 'note error', error instanceof TypeError ? LOST : error.message)
  if (taken) return
  question.remove()
  input.value ||= message
  if (REFUSALS[error.status]) showSignIn(error)
}

function setRunning(turn) {
  running?.answer.removeAttribute('aria-busy')
  turn?.answer.setAttribute('aria-busy', 'true')
  $('send').hidden = Boolean(turn)
  $('stop').hidden = !turn
  running = turn
}

function stop() {
  running?.stop.abort()
  setRunning(undefined)
  input.focus()
}

function startConversation() {
  // Named here and not by the answer: one that is stopped early would never tell the key of its session.
  keep('session', `web_${crypto.getRandomValues(new Uint32Array(4)).join('_')}`)
  conversation.replaceChildren()
  stop()
}

function showSignIn(error) {
  if (REFUSALS[error?.status]) keep('token', '')
  setSignedIn(false)
  $('refusal').textContent = error?.message ?? ''
  $('token').value = recall('token')
  $('token').focus()
}

function setSignedIn(signedIn) {
  $('sign-in').hidden = signedIn
  $('chat').hidden = $('fresh').hidden = !signedIn
}

function showAgents(agents) {
  const options = agents.map(({ id, name, provider, model, status }) => {
    const from = [provider, model].filter(Boolean).join('/')
    const suspended = status === 'suspended'
    return Object.assign(new Option(`${name} · ${from}${suspended ? ' (suspended)' : ''}`, id), { disabled: suspended })
  })
  $('agent').replaceChildren(...options)
  $('agent').value = [recall('agent'), 'default', agents[0].id].find((id) => agents.some((agent) => agent.id === id))
  $('who').textContent = options[0].text
  $('picker').hidden = agents.length < 2
  $('who').hidden = !$('picker').hidden
}

async function showHistory() {
  if (!recall('session')) return startConversation()
  const query = new URLSearchParams({ channelId: recall('session'), limit: '200' })
  const { messages } = await (await ask(`chat/history?${query}`)).json()
  conversation.replaceChildren()
  for (const { role, content } of messages) addMessage(role, content)
}

function takeToken() {
  // A plus is part of a token, not the space that it means in a form.
  const token = new URLSearchParams(location.hash.slice(1).replaceAll('+', '%2B')).get('token')
  if (!token) return
  keep('token', token)
  history.replaceState(null, '', location.pathname + location.search)
}

async function start() {
  stop()
  takeToken()
  if (!recall('token')) return showSignIn()
  try {
    showAgents((await (await ask('agents')).json()).agents)
    await showHistory()
    following = true
    setSignedIn(true)
    input.focus()
  } catch (error) {
    showSignIn(error)
  }
}

scroller.addEventListener('scroll', () => {
  const { scrollTop, scrollHeight, clientHeight } = scroller
  // New text moves the end away from a reader who stays: only going up says that they want to leave it.
  following = scrollHeight - clientHeight - scrollTop < 32 || (following && scrollTop >= lastTop)
  lastTop = scrollTop
})
const resizes = new ResizeObserver(() => following && scroller.scrollTo(0, scroller.scrollHeight))
resizes.observe(scroller)
resizes.observe(conversation)

const onSubmit = (form, action) => {
  $(form).addEventListener('submit', (event) => {
    event.preventDefault()
    action()
  })
}
onSubmit('composer', () => void send())
onSubmit('sign-in', () => {
  keep('token', $('token').value.trim())
  void start()
})
input.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  void send()
})
// The second click of a double click on "Send" lands on "Stop", which has taken its place.
$('stop').addEventListener('click', ({ detail }) => detail > 1 || stop())
$('fresh').addEventListener('click', startConversation)
$('agent').addEventListener('change', () => keep('agent', $('agent').value))
window.addEventListener('hashchange', () => void start())
await start()
