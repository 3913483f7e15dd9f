import type { MeterDialect } from '../../../../contract/wall-meter.ts'

/** What the dialog asks for a kind of meter. A field that is `null` is not shown. */
export type Kind = {
  readonly title: string
  readonly schemes: readonly ('http' | 'https' | 'tcp' | 'mqtt' | 'mqtts')[]
  /** Where the address says no port and the scheme has none of its own. */
  readonly port: number | null
  readonly example: string
  /** Label of the name, and what stands for one that is left empty. */
  readonly user: { readonly label: string; readonly placeholder: string } | null
  readonly secret: { readonly label: string; readonly text: string }
  /** Where the meter has no list to choose from, or too long a one. */
  readonly unit: { readonly label: string; readonly text: string; readonly isNeeded: boolean } | null
  /** Where the meter is found at its address. */
  readonly topic: { readonly label: string; readonly text: string } | null
  readonly isMetric: boolean
}

const plug = {
  schemes: ['http', 'https'],
  port: null,
  example: 'http://192.168.1.20',
  unit: null,
  topic: null,
  isMetric: false,
} as const
const admin = { label: 'User name', placeholder: 'admin' } as const
const password = { label: 'Password', text: 'Only where the meter asks for one.' } as const

export const kinds: Readonly<Record<MeterDialect, Kind>> = {
  'shelly-2': { ...plug, title: 'Shelly, second generation or later', user: null, secret: password },
  'shelly-1': { ...plug, title: 'Shelly, first generation', user: admin, secret: password },
  tasmota: { ...plug, title: 'Tasmota', user: admin, secret: password },
  'tasmota-mqtt': {
    ...plug,
    title: 'Tasmota over MQTT',
    schemes: ['mqtt', 'mqtts'],
    example: 'mqtt://nas.local',
    user: { label: 'User name', placeholder: 'none' },
    secret: { label: 'Password', text: 'Of a user of the broker who may read the plug’s topics and write to cmnd.' },
    topic: { label: 'Topic', text: 'Of the plug, as its MQTT settings show it, such as tasmota_A1B2C3.' },
  },
  'home-assistant': {
    ...plug,
    title: 'Home Assistant',
    example: 'http://homeassistant.local:8123',
    user: null,
    secret: { label: 'Token', text: 'A long-lived access token, from your profile in Home Assistant.' },
    unit: {
      label: 'Entity',
      text: 'Such as sensor.desk_plug_power. Left empty, the test lists all of power and energy.',
      isNeeded: false,
    },
  },
  homewizard: {
    ...plug,
    title: 'HomeWizard',
    user: null,
    secret: {
      label: 'Token',
      text: 'Only for an https address. With http, switch its local API on in the maker’s app.',
    },
  },
  fritz: {
    ...plug,
    title: 'FRITZ!DECT at a FRITZ!Box',
    example: 'http://fritz.box',
    user: { label: 'User name', placeholder: 'as at the box' },
    secret: { label: 'Password', text: 'Of a user of the box that has the right “Smart Home”.' },
  },
  esphome: {
    ...plug,
    title: 'ESPHome',
    user: admin,
    secret: password,
    unit: { label: 'Sensor', text: 'Its object id, such as pc_power; ESPHome has no list of them.', isNeeded: true },
  },
  nut: {
    ...plug,
    title: 'UPS or power strip (NUT)',
    schemes: ['tcp'],
    port: 3493,
    example: 'tcp://nas.local:3493',
    user: { label: 'User name', placeholder: 'none' },
    secret: password,
  },
  redfish: {
    ...plug,
    title: 'Server (Redfish)',
    schemes: ['https', 'http'],
    example: 'https://192.168.1.30',
    user: admin,
    secret: { label: 'Password', text: 'A user that may only read is enough.' },
  },
  prometheus: {
    ...plug,
    title: 'Prometheus metric',
    example: 'http://nas.local:9100',
    user: { label: 'User name', placeholder: 'none' },
    secret: { label: 'Password or token', text: 'With a user name it is a password, without one a token.' },
    unit: {
      label: 'Metric',
      text: 'Its name, with labels where there are several. Left empty, the test lists what sounds like energy.',
      isNeeded: false,
    },
    isMetric: true,
  },
}

export const quantities = {
  W: 'watts',
  kW: 'kilowatts',
  mW: 'milliwatts',
  uW: 'microwatts',
  J: 'joules, counted up',
  kJ: 'kilojoules, counted up',
  mJ: 'millijoules, counted up',
  uJ: 'microjoules, counted up',
  Wh: 'watt-hours, counted up',
  kWh: 'kilowatt-hours, counted up',
} as const
