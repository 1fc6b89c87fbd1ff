import { createStore, type Store } from './store.js'

/** Whether the last request had an answer of the server. */
export const connection: Store<'up' | 'away'> = createStore<'up' | 'away'>('up')
