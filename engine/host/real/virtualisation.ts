import type { Host, MachineFacts } from '../host.ts'

/** Who made the machine and what it is called, as its firmware says (SMBIOS type 1). */
export type Product = { readonly manufacturer: string; readonly model: string; readonly virtual?: boolean }

/**
 * Whether a machine without Linux's files is a virtual one; `null` where nothing tells. macOS says so itself (`kern.hv_vmm_present`, sysctl). The
 * CPU's own flag is no sign on Windows: its hypervisor runs below Windows on many bare machines. What the firmware calls the machine is.
 */
export async function virtualisationElsewhere(
  platform: NodeJS.Platform,
  command: Host['command'],
  product: () => Promise<Product | null>,
): Promise<MachineFacts['virtualisation']> {
  if (platform === 'darwin') {
    const told = await command(['/usr/sbin/sysctl', '-n', 'kern.hv_vmm_present'])
    const word = told.ok && told.value.exitCode === 0 ? told.value.stdout.trim() : ''
    return word === '1' ? 'vm' : word === '0' ? 'none' : null
  }
  const maker = platform === 'win32' ? await product() : null
  if (maker === null || `${maker.manufacturer}${maker.model}` === '') return null
  return maker.virtual === true || VIRTUAL.test(`${maker.manufacturer} ${maker.model}`) ? 'vm' : 'none'
}

/** Names that hypervisors and clouds give their machines; Microsoft makes real ones too, so that its name alone says nothing. */
const VIRTUAL =
  /virtual ?machine|virtualbox|vmware|qemu|\bkvm\b|\bxen\b|bochs|parallels|amazon ec2|google compute engine|openstack|nutanix/i
