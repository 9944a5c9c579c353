import { Pool } from 'pg'
import { createSchema, postgres } from './index.ts'

// A process of its own: increments one key many times, and prints the version of each write.
const [connectionString, schema = '', key = '', times] = process.argv.slice(2)
const pool = new Pool({ connectionString })
await createSchema(pool, { schema })
const storage = postgres({ pool, schema, timeout: 30 })
const versions: string[] = []
while (versions.length < Number(times)) {
  const stored = await storage.get(key)
  const next = String(Number(stored?.value ?? 0) + 1)
  const version = await storage.put(key, next, { ifVersion: stored?.version ?? null })
  if (version !== undefined) versions.push(version)
}
await pool.end()
console.log(JSON.stringify(versions))
