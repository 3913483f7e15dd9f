import { migration } from './migration.ts'

/**
 * What whole-machine meters measured beside what the inner domains did in exactly the same time. A series of its own, and not the difference
 * of two others, because a meter covers less than a day and answers late: their difference over a bucket that one of them covers in
 * part would be wrong. What was recorded before has none. `length_s` is the time that a row's buckets cover.
 */
export const overhead = migration(
  3,
  `
  CREATE TABLE overhead (
    resolution_s INTEGER NOT NULL CHECK (resolution_s IN (60, 900, 3600)),
    start_s INTEGER NOT NULL,
    domain_id INTEGER NOT NULL,
    length_s INTEGER NOT NULL CHECK (length_s > 0),
    whole_mj INTEGER NOT NULL CHECK (whole_mj >= 0),
    measured_mj INTEGER NOT NULL CHECK (measured_mj >= 0),
    PRIMARY KEY (resolution_s, start_s, domain_id)
  ) STRICT, WITHOUT ROWID;
  `,
)
