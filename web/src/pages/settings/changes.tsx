import type { Change } from '../../lib/merge-patch.ts'

const shown = (value: unknown) => (value === undefined ? '(nothing)' : JSON.stringify(value, null, 1))

/** What was, and what is to be. */
export const Changes = ({ changes }: { changes: readonly Change[] }) => (
  <div class="table-scroll card">
    <table class="table changes">
      <thead>
        <tr>
          <th scope="col">Key</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ path, from, to }) => (
          <tr key={path}>
            <th scope="row" class="mono">
              {path}
            </th>
            <td>
              <del class="mono">{shown(from)}</del>
            </td>
            <td>
              <ins class="mono">{shown(to)}</ins>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)
