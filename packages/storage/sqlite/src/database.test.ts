import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase } from './database.ts'

let directory: string
let path: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'drawbridge-sqlite-'))
  path = join(directory, 'auth.db')
})
afterEach(() => {
  rmSync(directory, { recursive: true })
})

describe('openDatabase', () => {
  const opened = (at: string | undefined) => () => openDatabase(at)

  it('flushes the write-ahead log at every commit', () => {
    const database = openDatabase(path)
    const full = 2
    expect(database.prepare('PRAGMA journal_mode').get()?.journal_mode).toBe('wal')
    expect(database.prepare('PRAGMA synchronous').get()?.synchronous).toBe(full)
    database.close()
  })

  it('opens what it created, again and beside it', () => {
    const first = openDatabase(path)
    first.exec("INSERT INTO entries (key, value) VALUES ('client/1', 'value')")
    const second = openDatabase(path)
    expect(second.prepare('SELECT value FROM entries').get()?.value).toBe('value')
    first.close()
    second.close()
  })

  it.each([undefined, ''])('refuses path: %s', (at) => {
    expect(opened(at)).toThrow("sqlite.path: missing. Name a file, such as 'auth.db'.")
  })

  it('refuses :memory:, and names memory()', () => {
    expect(opened(':memory:')).toThrow(/sqlite\.path: .*memory\(\) of @drawbridge\/core/)
    expect(opened('file:auth?mode=memory')).toThrow(/sqlite\.path: .*journal mode memory.*local disk/)
  })

  it.each([
    ['a directory', () => directory],
    ['a file in a directory that does not exist', () => join(directory, 'missing', 'auth.db')],
    ['a file below a file', () => join(fileURLToPath(import.meta.url), 'auth.db')],
  ])('names the path and the fix for %s', (_what, at) => {
    expect(opened(at())).toThrow(
      `sqlite.path: cannot open '${at()}': unable to open database file. Name a file in`,
    )
  })

  it('refuses a file that is no database, and leaves it as it was', () => {
    const text = 'not a database, and longer than the header of one. '.repeat(100)
    writeFileSync(path, text)
    expect(opened(path)).toThrow('Name a file that is an SQLite database, or does not exist yet.')
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  it('refuses a damaged database', () => {
    openDatabase(path).close()
    // The header stays, the list of tables behind it does not.
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.fill(0xee, 100, 4096))
    expect(opened(path)).toThrow(
      /^sqlite\.path: cannot open '.*': database disk image is malformed\. Restore/,
    )
  })

  it("refuses another application's database, and leaves it as it was", () => {
    const other = new DatabaseSync(path)
    other.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY)')
    expect(opened(path)).toThrow('is a database of another application. Give Drawbridge a file of its own.')
    expect(
      other
        .prepare('SELECT name FROM sqlite_schema')
        .all()
        .map(({ name }) => name),
    ).toEqual(['orders'])
    expect(other.prepare('PRAGMA journal_mode').get()?.journal_mode).toBe('delete')
    other.close()
  })

  it('refuses a database of a newer version, rather than to misread it', () => {
    openDatabase(path).close()
    const newer = new DatabaseSync(path)
    newer.exec('PRAGMA user_version = 1000')
    newer.close()
    expect(opened(path)).toThrow('newer version of @drawbridge/sqlite. Upgrade this package')
  })
})
