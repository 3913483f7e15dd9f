import { migration } from './migration.ts'

/**
 * What was delivered, and by which model: models with their energy, output by the hour, requests, and who they were for. A model's energy is
 * part of its app's, never beside it. `output` holds counts that may be unknown (NULL) and the energy of the requests among them; 0 as a
 * model, person or project is "none told". Identities and projects are keyed hashes; a label is what the owner typed. What is left of requests
 * that are no longer kept are histograms by the day (UTC), packed (histogram.ts). A job that runs, or that nothing measured, has no energy yet.
 */
export const work = migration(
  4,
  `
  CREATE TABLE model (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    app TEXT NOT NULL,
    name TEXT NOT NULL,
    family TEXT,
    parameters INTEGER,
    quantisation TEXT,
    engine TEXT,
    device TEXT CHECK (device IN ('cpu', 'gpu', 'npu', 'mixed')),
    is_remote INTEGER NOT NULL CHECK (is_remote IN (0, 1)),
    share_ratio REAL NOT NULL
  ) STRICT;

  CREATE TABLE person (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('os', 'api', 'headcount')),
    label TEXT,
    merged_into INTEGER REFERENCES person (id)
  ) STRICT;

  CREATE TABLE project (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, label TEXT) STRICT;

  CREATE TABLE packed_model_energy (
    resolution_s INTEGER NOT NULL CHECK (resolution_s IN (10, 60, 900)),
    start_s INTEGER NOT NULL,
    cells BLOB NOT NULL CHECK (length(cells) > 0),
    PRIMARY KEY (resolution_s, start_s)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE model_energy (
    resolution_s INTEGER NOT NULL CHECK (resolution_s IN (3600, 86400)),
    start_s INTEGER NOT NULL,
    model_id INTEGER NOT NULL,
    active_mj INTEGER NOT NULL CHECK (active_mj >= 0),
    idle_mj INTEGER NOT NULL CHECK (idle_mj >= 0),
    load_mj INTEGER NOT NULL CHECK (load_mj >= 0),
    estimated_mj INTEGER NOT NULL CHECK (estimated_mj >= 0),
    PRIMARY KEY (resolution_s, start_s, model_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE output (
    resolution_s INTEGER NOT NULL CHECK (resolution_s IN (3600, 86400)),
    start_s INTEGER NOT NULL,
    app_id INTEGER NOT NULL,
    model_id INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    project_id INTEGER NOT NULL,
    is_remote INTEGER NOT NULL CHECK (is_remote IN (0, 1)),
    prompt_tokens INTEGER,
    cached_tokens INTEGER,
    output_tokens INTEGER,
    estimated_tokens INTEGER NOT NULL,
    requests INTEGER,
    failed_requests INTEGER NOT NULL,
    unreported_requests INTEGER NOT NULL,
    images INTEGER,
    audio_ms INTEGER,
    request_mj INTEGER NOT NULL,
    request_estimated_mj INTEGER NOT NULL,
    request_var_mj2 INTEGER NOT NULL,
    last_s INTEGER NOT NULL,
    PRIMARY KEY (resolution_s, start_s, app_id, model_id, person_id, project_id, is_remote)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE request (
    ended_ms INTEGER NOT NULL,
    id TEXT NOT NULL,
    began_ms INTEGER NOT NULL,
    app_id INTEGER NOT NULL,
    model_id INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    project_id INTEGER NOT NULL,
    client TEXT,
    endpoint TEXT NOT NULL,
    prompt_tokens INTEGER,
    cached_tokens INTEGER,
    output_tokens INTEGER,
    tokens_provenance TEXT NOT NULL CHECK (tokens_provenance IN ('exact', 'derived', 'estimate', 'notReported')),
    images INTEGER,
    audio_ms INTEGER,
    first_ms INTEGER,
    duration_ms INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('done', 'failed', 'aborted')),
    http_status INTEGER,
    is_remote INTEGER NOT NULL CHECK (is_remote IN (0, 1)),
    energy_mj INTEGER CHECK (energy_mj >= 0),
    estimated_mj INTEGER NOT NULL,
    uncertainty REAL,
    provenance TEXT CHECK (provenance IN ('counter', 'sensor', 'estimate')),
    PRIMARY KEY (ended_ms, id)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX request_by_id ON request (id);
  CREATE INDEX request_by_model ON request (model_id, ended_ms, output_tokens, duration_ms, first_ms);

  CREATE TABLE request_histogram (
    start_s INTEGER NOT NULL,
    model_id INTEGER NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('uj_per_token', 'duration_ms', 'first_ms')),
    bins BLOB NOT NULL CHECK (length(bins) > 0),
    PRIMARY KEY (start_s, model_id, what)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE job (
    id TEXT PRIMARY KEY,
    label TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('run', 'recognised')),
    app TEXT,
    start_s INTEGER NOT NULL,
    end_s INTEGER,
    exit_code INTEGER,
    energy_mj INTEGER CHECK (energy_mj >= 0),
    uncertainty REAL,
    provenance TEXT CHECK (provenance IN ('counter', 'sensor', 'estimate')),
    estimated_mj INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX job_by_end ON job (end_s);
  `,
)
