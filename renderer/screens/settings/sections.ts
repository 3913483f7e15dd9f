/** Sections of Settings; search leads to them, and its words are what people type. */
export const sections = [
  { id: 'appearance', title: 'Appearance', words: 'theme dark light tray icon title digits sparkline ring' },
  { id: 'behaviour', title: 'Start and names', words: 'login autostart names accounts users' },
  { id: 'price', title: 'Price of electricity', words: 'tariff cost kwh currency euro' },
  { id: 'overhead', title: 'Overhead and cooling', words: 'pue psu fans display factor cooling count into apps' },
  { id: 'apps', title: 'Apps that count as AI', words: 'catalogue list count toggle rules named forget' },
  {
    id: 'requests',
    title: 'Requests and cloud models',
    words: 'keep days history remote estimate cloud energy privacy',
  },
  { id: 'data', title: 'Data', words: 'directory ledger size database file privacy' },
  {
    id: 'meters',
    title: 'Wall meters',
    words: 'plug ups server shelly tasmota homewizard fritz esphome nut redfish prometheus home assistant',
  },
  {
    id: 'network',
    title: 'Addresses that Perwatt asks',
    words: 'network packets traffic bytes telemetry privacy update',
  },
  { id: 'about', title: 'About', words: 'version electron node licence runtime' },
] as const

export type SectionId = (typeof sections)[number]['id']
