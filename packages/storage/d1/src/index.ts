export { type D1Options, d1 } from './d1.ts'
export type { D1Answer, D1Binding, D1Statement } from './database.ts'
export { createSchema, schemaSql } from './schema.ts'
