import { defineDeliveryCrashes } from './crash.js'

defineDeliveryCrashes('postgres')
