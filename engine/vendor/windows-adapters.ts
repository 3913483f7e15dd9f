import { ok, type Result } from '../../contract/result.ts'
import type { Host, VendorFault } from '../host/host.ts'
import { bind } from './bind.ts'
import type { Scratch } from './windows-memory.ts'

/** PCI bus, device and function of a graphics adapter by its LUID; `null` where it is none of PCI. Asked once for each. */
export type AdapterAddresses = (luidHigh: number, luidLow: number) => readonly [number, number, number] | null

/** d3dkmthk.h: KMTQAITYPE_ADAPTERADDRESS, filled into a D3DKMT_ADAPTERADDRESS of three 32-bit numbers. */
const ADAPTER_ADDRESS = 6
const ADDRESS_BYTES = 12

type Gdi32 = {
  D3DKMTOpenAdapterFromLuid(request: Uint8Array): number
  D3DKMTQueryAdapterInfo(request: Uint8Array): number
  D3DKMTCloseAdapter(request: Uint8Array): number
}

const PROTOTYPES = {
  D3DKMTOpenAdapterFromLuid: 'int32_t __stdcall D3DKMTOpenAdapterFromLuid(uint8_t *request)',
  D3DKMTQueryAdapterInfo: 'int32_t __stdcall D3DKMTQueryAdapterInfo(uint8_t *request)',
  D3DKMTCloseAdapter: 'int32_t __stdcall D3DKMTCloseAdapter(const uint8_t *request)',
} as const

export function adapterAddresses(host: Pick<Host, 'library'>, scratch: Scratch): Result<AdapterAddresses, VendorFault> {
  const gdi32 = bind<Gdi32>(host, 'gdi32.dll', PROTOTYPES)
  if (!gdi32.ok) return gdi32
  const { D3DKMTOpenAdapterFromLuid, D3DKMTQueryAdapterInfo, D3DKMTCloseAdapter } = gdi32.value
  const known = new Map<string, readonly [number, number, number] | null>()

  function ask(luidHigh: number, luidLow: number): readonly [number, number, number] | null {
    const open = new DataView(new ArrayBuffer(12))
    open.setUint32(0, luidLow, true)
    open.setUint32(4, luidHigh, true)
    if (D3DKMTOpenAdapterFromLuid(bytesOf(open)) < 0) return null
    const adapter = open.getUint32(8, true)
    const query = new DataView(new ArrayBuffer(24))
    query.setUint32(0, adapter, true)
    query.setUint32(4, ADAPTER_ADDRESS, true)
    query.setBigUint64(8, scratch.address, true)
    query.setUint32(16, ADDRESS_BYTES, true)
    const isTold = D3DKMTQueryAdapterInfo(bytesOf(query)) >= 0
    D3DKMTCloseAdapter(bytesOf(query).subarray(0, 4))
    const address = new DataView(scratch.read(ADDRESS_BYTES).buffer)
    return isTold ? [address.getUint32(0, true), address.getUint32(4, true), address.getUint32(8, true)] : null
  }

  return ok((luidHigh, luidLow) => {
    const key = `${luidHigh} ${luidLow}`
    let address = known.get(key)
    if (address === undefined) {
      address = ask(luidHigh, luidLow)
      known.set(key, address)
    }
    return address
  })
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer)
}
