import type { Command } from 'commander'
import { newCommand } from '../command.js'
import type { CommandContext } from '../context.js'
import { listEventsCommand } from './list.js'
import { postEventCommand } from './post.js'
import { showEventCommand } from './show.js'

/** `bitting events`: what happened, and is sent to webhook endpoints. */
export function eventsCommand(context: CommandContext): Command {
  const command = newCommand(context, 'events', 'Post events to webhook endpoints, and read them')
  const commands = [listEventsCommand, showEventCommand, postEventCommand]
  for (const create of commands) command.addCommand(create(context))
  return command
}
