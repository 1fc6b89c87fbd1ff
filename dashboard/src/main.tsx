// First, because it takes the one-time code out of the address before anything else sees it.
import './session/one-time-code.js'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queryClient } from './api/query-client.js'
import { keepFocus } from './layout/keep-focus.js'
import { router } from './router.js'
import './styles/index.css'

const root = document.getElementById('root')
if (root === null) throw new Error('the page lacks #root')

keepFocus(root)
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
)
