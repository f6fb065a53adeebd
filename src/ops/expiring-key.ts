/** A key that will be refused from that time on, in milliseconds since the epoch. */
export interface ExpiringKey {
  readonly id: string
  readonly expires: number
}
