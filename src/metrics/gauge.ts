import { Gauge, type Registry } from 'prom-client'

/** A gauge; `collect` sets it at the moment it is asked for. */
export function gauge<Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: Label[],
  collect?: (gauge: Gauge<Label>) => void | Promise<void>
): Gauge<Label> {
  const made: Gauge<Label> = new Gauge<Label>({
    name,
    help,
    labelNames,
    registers: [registry],
    ...(collect && { collect: () => collect(made) })
  })
  return made
}
