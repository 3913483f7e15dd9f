import type { MeterDialect } from '../../../contract/wall-meter.ts'
import type { Dialect } from './dialect.ts'
import { esphome } from './esphome.ts'
import { fritz } from './fritz.ts'
import { homeAssistant } from './home-assistant.ts'
import { homewizard } from './homewizard.ts'
import { nut } from './nut.ts'
import { prometheus } from './prometheus.ts'
import { redfish } from './redfish.ts'
import { shelly1 } from './shelly-1.ts'
import { shelly2 } from './shelly-2.ts'
import { tasmota } from './tasmota.ts'
import { tasmotaMqtt } from './tasmota-mqtt.ts'

/** Every make of meter that can be asked. */
export const dialects: Readonly<Record<MeterDialect, Dialect>> = {
  'shelly-1': shelly1,
  'shelly-2': shelly2,
  tasmota,
  'tasmota-mqtt': tasmotaMqtt,
  'home-assistant': homeAssistant,
  homewizard,
  fritz,
  esphome,
  nut,
  redfish,
  prometheus,
}
