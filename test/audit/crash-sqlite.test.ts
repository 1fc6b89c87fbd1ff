import { defineCrashes } from './crash.js'

defineCrashes('sqlite')
