/** What one address shows. */
export interface Screen {
  readonly title: string
  readonly element: HTMLElement
}
