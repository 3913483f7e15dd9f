/** Three apps that start one after another, written as code: played only where this file is named on the command line. */
export const rig = {
  title: 'Staircase',
  about: 'Three apps start ten minutes apart, each with one core more than the one before.',
  start: '2026-11-16T08:00:00Z',
  duration: '40m',
  cpu: { logicalCpus: 6 },
  domains: [{ zone: 'package-0', floorW: 4, wattsPerCore: 6 }],
  processes: [1, 2, 3].map((step) => ({
    name: `step ${step}`,
    app: `step-${step}`,
    hint: true,
    start: `${step * 10}m`,
    load: step,
  })),
}
