import { defineDeliveryCrashes } from './crash.js'

defineDeliveryCrashes('sqlite')
