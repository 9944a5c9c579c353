import { defineConfig } from 'tsup'
import { library } from '../../../tsup.ts'

export default defineConfig(library({ platform: 'node' }))
