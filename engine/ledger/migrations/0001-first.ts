import { migration } from './migration.ts'

/**
 * Series are interned; time comes before the series in every key, so that a flush touches the last pages only.
 * Below an hour, where app × domain is kept, a bucket is one packed row (pack.ts): 90 days of 15 minutes, 14 of minutes and two
 * of 10 s would otherwise be most of the file. From the hour on, an app's row has no domain, and every figure is a column.
 * Energies are integer mJ; variances are mJ² rounded to integers, so that a sum does not depend on its order.
 * `estimated_mj` is the part of a row's energy that was estimated. Rows of zeros are left out.
 * `progress`: rows of a resolution are complete before `complete_to_s` (of the finest: recorded up to) and kept from `kept_from_s`.
 */
export const first = migration(
  1,
  `
  CREATE TABLE domain (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    parent TEXT,
    source TEXT NOT NULL,
    provenance TEXT NOT NULL CHECK (provenance IN ('counter', 'sensor', 'estimate')),
    name TEXT NOT NULL,
    gain_ratio REAL NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('inner', 'whole')),
    floor_w REAL,
    floor_ratio REAL
  ) STRICT;

  CREATE TABLE app (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    category TEXT NOT NULL,
    is_local INTEGER NOT NULL CHECK (is_local IN (0, 1)),
    counts_as_ai INTEGER NOT NULL CHECK (counts_as_ai IN (0, 1)),
    share_ratio REAL NOT NULL
  ) STRICT;

  CREATE TABLE packed_energy (
    resolution_s INTEGER NOT NULL CHECK (resolution_s IN (10, 60, 900)),
    start_s INTEGER NOT NULL,
    cells BLOB NOT NULL CHECK (length(cells) > 0),
    PRIMARY KEY (resolution_s, start_s)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE domain_energy (
    resolution_s INTEGER NOT NULL CHECK (resolution_s IN (3600, 86400)),
    start_s INTEGER NOT NULL,
    domain_id INTEGER NOT NULL,
    energy_mj INTEGER NOT NULL CHECK (energy_mj >= 0),
    idle_mj INTEGER NOT NULL CHECK (idle_mj >= 0),
    other_mj INTEGER NOT NULL CHECK (other_mj >= 0 AND idle_mj + other_mj <= energy_mj),
    estimated_mj INTEGER NOT NULL CHECK (estimated_mj >= 0),
    var_mj2 INTEGER NOT NULL CHECK (var_mj2 >= 0),
    PRIMARY KEY (resolution_s, start_s, domain_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE app_energy (
    resolution_s INTEGER NOT NULL CHECK (resolution_s IN (3600, 86400)),
    start_s INTEGER NOT NULL,
    app_id INTEGER NOT NULL,
    active_mj INTEGER NOT NULL CHECK (active_mj >= 0),
    idle_mj INTEGER NOT NULL CHECK (idle_mj >= 0),
    estimated_mj INTEGER NOT NULL CHECK (estimated_mj >= 0),
    var_mj2 INTEGER NOT NULL CHECK (var_mj2 >= 0),
    PRIMARY KEY (resolution_s, start_s, app_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE bucket (
    resolution_s INTEGER NOT NULL CHECK (resolution_s IN (3600, 86400)),
    start_s INTEGER NOT NULL,
    length_s INTEGER NOT NULL CHECK (length_s > 0),
    PRIMARY KEY (resolution_s, start_s)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE gap (
    to_s INTEGER NOT NULL,
    from_s INTEGER NOT NULL CHECK (from_s < to_s),
    cause TEXT NOT NULL CHECK (cause IN ('suspend', 'clock', 'restart', 'paused', 'stall', 'lost', 'noSource')),
    PRIMARY KEY (to_s, from_s, cause)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE progress (
    resolution_s INTEGER PRIMARY KEY,
    complete_to_s INTEGER NOT NULL,
    kept_from_s INTEGER NOT NULL
  ) STRICT;
  INSERT INTO progress VALUES (10, 0, 0), (60, 0, 0), (900, 0, 0), (3600, 0, 0), (86400, 0, 0);

  CREATE TABLE state (key TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
)
