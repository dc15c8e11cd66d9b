import { toast } from '../state/toasts.ts'
import { Button } from './button.tsx'

export interface CopyProps {
  text: string
  label: string
}

export const Copy = ({ text, label }: CopyProps) => (
  <Button
    icon="copy"
    label={label}
    slim
    kind="quiet"
    onClick={async () => {
      await navigator.clipboard.writeText(text)
      toast('Copied')
    }}
  />
)
