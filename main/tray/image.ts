import { type NativeImage, nativeImage } from 'electron'
import { drawIcon, type Face, type Panel } from './icon.ts'

/**
 * Base size in points and the scales at which a panel may ask for it. Over D-Bus, Electron sends one bitmap, the largest;
 * panels scale it, and twice the common 22 comes down to it without a blur.
 */
const SIZES: Readonly<
  Record<'linux' | 'darwin' | 'win32', { readonly base: number; readonly scales: readonly number[] }>
> = {
  linux: { base: 22, scales: [2] },
  darwin: { base: 22, scales: [1, 2] },
  win32: { base: 16, scales: [1, 1.5, 2, 3] },
}

/** One image with a bitmap drawn for each scale, not one scaled bitmap. */
export function trayImage(face: Face, panel: Panel, platform: NodeJS.Platform = process.platform): NativeImage {
  const { base, scales } = SIZES[platform === 'darwin' || platform === 'win32' ? platform : 'linux']
  const image = nativeImage.createEmpty()
  for (const scaleFactor of scales) {
    const size = Math.round(base * scaleFactor)
    const buffer = Buffer.from(drawIcon(size, face, panel))
    image.addRepresentation({ scaleFactor, width: size, height: size, buffer })
  }
  if (panel === 'template') image.setTemplateImage(true)
  return image
}

/** The mark of the app for the window's own icon: the ring at work, for task bars of any colour. */
export function windowIcon(): NativeImage {
  const [size, face] = [128, { kind: 'ring', step: 17, isActive: true, alarm: 'calm' }] as const
  return nativeImage.createFromBitmap(Buffer.from(drawIcon(size, face, 'light')), { width: size, height: size })
}
