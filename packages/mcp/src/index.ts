/** Another name for `/v1`, the line of the SDK that most servers are built with. */

export * from './v1.ts'
