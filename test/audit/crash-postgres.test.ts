import { defineCrashes } from './crash.js'

defineCrashes('postgres')
