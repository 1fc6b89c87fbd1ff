import { useState, type ReactElement } from 'react'
import { send } from '../../api/transport.js'
import { useAct, type Act } from '../key-actions/use-act.js'
import { AddGeneratorDialog, type OfferedGenerator } from './add-generator-dialog.js'
import { RecoveryCodesDialog } from './recovery-codes.js'
import { refreshSession } from './refresh-session.js'

/** Adding a code generator, and showing recovery codes. */
export interface GeneratorActs {
  readonly act: Act
  /** Asks the server for a secret, and shows it. */
  readonly begin: () => void
  /** Asks the server for new recovery codes in place of the old ones, and shows them. */
  readonly renewCodes: () => void
  /** To be drawn where it stays while the account changes: closing it early would lose the codes. */
  readonly dialog: ReactElement | null
}

/** What is shown lives here alone, and is gone when its dialog closes. */
export function useGenerator(): GeneratorActs {
  const act = useAct()
  const [offer, setOffer] = useState<OfferedGenerator | null>(null)
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  const begin = (): void =>
    act.run(async () => setOffer(await send<OfferedGenerator>({ method: 'POST', path: '/v1/account/totp' })))
  const renewCodes = (): void =>
    act.run(async () => {
      const path = '/v1/account/recovery-codes'
      const renewed = await send<{ recovery_codes: string[] }>({ method: 'POST', path })
      setCodes(renewed.recovery_codes)
      await refreshSession()
    })
  const dialog =
    codes !== null ? (
      <RecoveryCodesDialog codes={codes} onDone={() => setCodes(null)} />
    ) : offer !== null ? (
      <AddGeneratorDialog
        key={offer.secret}
        offer={offer}
        onBeginAgain={begin}
        onClose={() => setOffer(null)}
        onConfirmed={(fresh) => {
          setOffer(null)
          setCodes(fresh)
          void refreshSession()
        }}
      />
    ) : null
  return { act, begin, renewCodes, dialog }
}
