import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/index.ts'],
  format: 'esm',
  platform: 'neutral',
  target: 'es2023',
  clean: true,
  // tsup would turn node:sqlite into sqlite, which no one can import.
  removeNodeProtocol: false,
})
