import { useSignal } from '@preact/signals'
import { Page } from '../../ui/page.tsx'
import { Segments } from '../../ui/segments.tsx'
import { ConfigForm } from './config-form.tsx'
import { History } from './history.tsx'
import './settings.css'

const VIEWS = [
  { value: 'form', label: 'Configuration' },
  { value: 'history', label: 'History' }
] as const

export default function SettingsPage() {
  const view = useSignal<'form' | 'history'>('form')
  return (
    <Page
      title="Settings"
      about="What is changed here is kept over restarts, above what the file says."
      actions={<Segments label="View" options={VIEWS} value={view.value} onChange={(next) => (view.value = next)} />}
    >
      {view.value === 'form' ? <ConfigForm /> : <History />}
    </Page>
  )
}
