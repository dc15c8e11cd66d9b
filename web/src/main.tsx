import './styles/tokens.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/shell.css'
import './state/theme.ts'
import './state/feed.ts'
import { render } from 'preact'
import { App } from './app.tsx'
import { resumeSession } from './state/session.ts'

window.addEventListener('hashchange', () => {
  if (location.hash.startsWith('#token=')) void resumeSession()
})
render(<App />, document.querySelector('#app') as HTMLElement)
await resumeSession()
