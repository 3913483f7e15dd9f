import type { SVGProps } from 'react'

/** Line icons of 20 × 20 with one stroke width, drawn for Perwatt. All are decoration: the words stand beside them. */
function Icon(props: SVGProps<SVGSVGElement>) {
  return (
    <svg
      width="18"
      height="18"
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
      {...props}
    />
  )
}

/** The ring gauge of the tray. */
export function NowIcon() {
  return (
    <Icon>
      <path d="M5.4 15.6A6.9 6.9 0 1 1 14.6 15.6" />
      <path d="M10 10.8 13.1 7.4" />
      <circle cx="10" cy="10.8" r="0.9" fill="currentColor" stroke="none" />
    </Icon>
  )
}

export function AppsIcon() {
  return (
    <Icon>
      <rect x="3.5" y="3.5" width="5" height="5" rx="1.2" />
      <rect x="11.5" y="3.5" width="5" height="5" rx="1.2" />
      <rect x="3.5" y="11.5" width="5" height="5" rx="1.2" />
      <path d="M11.5 14h5" />
    </Icon>
  )
}

/** Margins around figures. */
export function ModelsIcon() {
  return (
    <Icon>
      <path d="M3.5 5.5h9M10.5 4v3M14.5 4v3M10.5 5.5h4" />
      <path d="M3.5 10h5M7 8.5v3M10.5 8.5v3M7 10h3.5" />
      <path d="M3.5 14.5h7M9 13v3M12 13v3M9 14.5h3" />
    </Icon>
  )
}

export function BackIcon() {
  return (
    <Icon width="14" height="14">
      <path d="m12.5 4.5-5.5 5.5 5.5 5.5" />
    </Icon>
  )
}

export function SourcesIcon() {
  return (
    <Icon>
      <path d="M4 3.5v13M4 7h4.5M4 13h4.5" />
      <rect x="8.5" y="4.75" width="7.5" height="4.5" rx="1.2" />
      <rect x="8.5" y="10.75" width="7.5" height="4.5" rx="1.2" />
    </Icon>
  )
}

export function SettingsIcon() {
  return (
    <Icon>
      <path d="M3 6h7.5M14.5 6H17M3 14h2.5M9.5 14H17" />
      <circle cx="12.5" cy="6" r="2" />
      <circle cx="7.5" cy="14" r="2" />
    </Icon>
  )
}

export function SearchIcon() {
  return (
    <Icon>
      <circle cx="9" cy="9" r="5" />
      <path d="m12.8 12.8 3.7 3.7" />
    </Icon>
  )
}

export function PauseIcon() {
  return (
    <Icon>
      <path d="M7 5v10M13 5v10" />
    </Icon>
  )
}

export function ResumeIcon() {
  return (
    <Icon>
      <path d="M7 5v10l8-5z" />
    </Icon>
  )
}

export function RemoteIcon() {
  return (
    <Icon width="14" height="14">
      <path d="M6 15.5h8.2a3.3 3.3 0 0 0 .5-6.55A5 5 0 0 0 5 9.9a2.85 2.85 0 0 0 1 5.6z" />
    </Icon>
  )
}

export function WarningIcon() {
  return (
    <Icon>
      <path d="M10 3.5 17.5 16.5h-15z" />
      <path d="M10 8.5v3.5M10 14.3v.1" />
    </Icon>
  )
}

export function CopyIcon() {
  return (
    <Icon width="14" height="14">
      <rect x="7" y="7" width="9.5" height="9.5" rx="1.5" />
      <path d="M13 4.5A1 1 0 0 0 12 3.5H4.5a1 1 0 0 0-1 1V12a1 1 0 0 0 1 1" />
    </Icon>
  )
}

export function CheckIcon() {
  return (
    <Icon width="14" height="14">
      <path d="m4 10.5 4 4 8-9" />
    </Icon>
  )
}
