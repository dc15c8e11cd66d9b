import type { ComponentChildren } from 'preact'

export interface PageProps {
  title: string
  about?: ComponentChildren
  actions?: ComponentChildren
  children: ComponentChildren
}

/** The frame of a page that is read from top to bottom. */
export const Page = ({ title, about, actions, children }: PageProps) => (
  <div class="page">
    <div class="column">
      <header class="page-head">
        <div>
          <h1 tabIndex={-1}>{title}</h1>
          {about && <p>{about}</p>}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </div>
  </div>
)
