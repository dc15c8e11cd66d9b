export interface SegmentsProps<T extends string> {
  label: string
  options: readonly { value: T; label: string }[]
  value: T
  onChange(value: T): void
}

/** A choice between a few views. */
export const Segments = <T extends string>({ label, options, value, onChange }: SegmentsProps<T>) => (
  <div class="segments" role="group" aria-label={label}>
    {options.map((option) => (
      <button
        key={option.value}
        type="button"
        aria-pressed={option.value === value}
        onClick={() => onChange(option.value)}
      >
        {option.label}
      </button>
    ))}
  </div>
)
