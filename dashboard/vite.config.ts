import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'
import { documentPages } from './document-pages.js'

const root = import.meta.dirname

/**
 * Puts the script that sets the theme into the head as a classic script. It has to run before anything is painted, and
 * the policy of the pages allows no script in the page itself.
 */
function themeScript(): Plugin {
  return {
    name: 'theme-script',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { bundle }) => {
        const script = Object.values(bundle ?? {}).find(
          (output) => output.type === 'chunk' && output.isEntry && output.name === 'theme-boot',
        )
        const src = `/${script?.fileName ?? 'src/theme-boot.ts'}`
        return [{ tag: 'script', attrs: { src }, injectTo: 'head-prepend' }]
      },
    },
  }
}

export default defineConfig({
  root,
  publicDir: false,
  plugins: [react(), themeScript(), documentPages(resolve(root, '../docs'))],
  build: {
    outDir: 'dist/app',
    assetsDir: 'assets/app',
    // What `server/src/control/pages.ts` reads: the closed list of what it serves.
    manifest: true,
    target: 'es2023',
    // What knows `light-dark()`.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // An asset in a `data:` address would be against the policy for fonts and scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        index: resolve(root, 'index.html'),
        documents: resolve(root, 'documents.html'),
        'theme-boot': resolve(root, 'src/theme-boot.ts'),
      },
    },
  },
})
