import type { DrawbridgeEvents } from '../events.ts'

/** A page of the operator's own that cannot be shown, and what to change in it. */
export class PageFault extends Error {
  override readonly name = 'PageFault'
  readonly reason: DrawbridgeEvents['page.failed']['reason']
  constructor(reason: DrawbridgeEvents['page.failed']['reason'], message: string) {
    super(message)
    this.reason = reason
  }
}
