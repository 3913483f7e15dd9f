import { formatBytes } from '../../../contract/format.ts'
import { useContract } from '../../client.ts'
import { Command, CopyButton } from '../../parts/copy-button.tsx'
import { Skeleton, View } from '../../parts/view.tsx'

const ledgerStates = {
  writing: 'being written',
  full: 'not written: the disk is full',
  readOnly: 'read only',
  failing: 'not written',
} as const

/** Where the history lies and how large it is. */
export function Data() {
  const asked = useContract('engineInfo', {})
  return (
    <View of={asked} skeleton={<Skeleton heightPx={72} label="Asking the engine" />}>
      {({ dataDir, ledger }) => (
        <>
          <dl className="facts-list">
            <div>
              <dt>Directory</dt>
              <dd>
                <code>{dataDir}</code> <CopyButton text={dataDir} />
              </dd>
            </div>
            <div>
              <dt>Ledger</dt>
              <dd>
                {formatBytes(ledger.bytes)}, {ledgerStates[ledger.state]}
              </dd>
            </div>
          </dl>
          {ledger.reason !== null && <p className="setting-text">{ledger.reason}</p>}
          {ledger.remedy !== null && <Command text={ledger.remedy} />}
        </>
      )}
    </View>
  )
}
