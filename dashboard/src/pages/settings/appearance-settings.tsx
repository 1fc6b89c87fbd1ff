import { useState, type ReactElement } from 'react'
import { chooseTheme, readTheme, type Theme } from '../../theme.js'
import { Card } from '../../ui/card.js'
import { RadioGroup, type Choice } from '../../ui/radio-group.js'

const CHOICES: readonly Choice<Theme>[] = [
  {
    value: 'system',
    label: 'As the system',
    hint: 'Light by day and dark by night, where your device does so.',
  },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
]

/** How the pages look in this browser. */
export function AppearanceSettings(): ReactElement {
  const [theme, setTheme] = useState(readTheme)
  return (
    <Card title="Appearance" description="Kept in this browser, for you alone.">
      <RadioGroup
        legend="Theme"
        look="cards"
        value={theme}
        choices={CHOICES}
        onValueChange={(chosen) => {
          chooseTheme(chosen)
          setTheme(chosen)
        }}
      />
    </Card>
  )
}
