let arrived = false

/** Whether somebody just came from another page of the dashboard, so that its heading has to take the focus. */
export const arrival = {
  /** The router tells it when the path changes. */
  note: (): void => {
    arrived = true
  },
  /** Whether it is so; the first who asks has it. */
  take: (): boolean => {
    const was = arrived
    arrived = false
    return was
  },
}
