import type Database from 'better-sqlite3'

/** For each version, rows such as a ledger of that version had; untouched once the version is released. */
export const filled: Readonly<Record<number, (db: Database.Database) => void>> = {
  1: (db) =>
    void db.exec(`
      INSERT INTO domain VALUES (1, 'cpu/0', 'cpu', NULL, 'rapl', 'counter', 'Package 0', 0.02, 'inner', 2.5, 0.1);
      INSERT INTO app VALUES (1, 'ollama', 'Ollama', 'server', 1, 1, 0.05);
      INSERT INTO packed_energy VALUES (10, 1764000000, x'010a640504049003000a');
      INSERT INTO domain_energy VALUES (3600, 1763996400, 1, 3600, 600, 1000, 0, 25), (86400, 1763938800, 1, 3600, 600, 1000, 0, 25);
      INSERT INTO app_energy VALUES (3600, 1763996400, 1, 1500, 500, 0, 9), (86400, 1763938800, 1, 1500, 500, 0, 9);
      INSERT INTO bucket VALUES (3600, 1763996400, 3600), (86400, 1763938800, 86400);
      INSERT INTO gap VALUES (1763999000, 1763998000, 'suspend');
      UPDATE progress SET complete_to_s = 1764000010 WHERE resolution_s = 10;
      INSERT INTO state VALUES ('ledger.begunS', '1763938800'), ('ledger.timeZone', '"Europe/Berlin"');
    `),
  2: (db) =>
    void db.exec(`
      INSERT INTO domain VALUES (1, 'cpu/0', 'cpu', NULL, 'rapl', 'counter', 'Package 0', 0.02, 'inner', 2.5, 0.1, NULL);
      INSERT INTO app VALUES (1, 'ollama', 'Ollama', 'server', 1, 1, 0.05);
      INSERT INTO packed_energy VALUES (10, 1764000000, x'010a64050404900300080a');
      INSERT INTO domain_energy VALUES (3600, 1763996400, 1, 3600, 600, 1000, 0, 25), (86400, 1763938800, 1, 3600, 600, 1000, 0, 25);
      INSERT INTO app_energy VALUES (3600, 1763996400, 1, 1500, 500, 0, 9, 400), (86400, 1763938800, 1, 1500, 500, 0, 9, 400);
      INSERT INTO bucket VALUES (3600, 1763996400, 3600), (86400, 1763938800, 86400);
      INSERT INTO gap VALUES (1763999000, 1763998000, 'suspend');
      UPDATE progress SET complete_to_s = 1764000010 WHERE resolution_s = 10;
      INSERT INTO state VALUES ('ledger.begunS', '1763938800'), ('ledger.timeZone', '"Europe/Berlin"');
    `),
  3: (db) =>
    void db.exec(`
      INSERT INTO domain VALUES (1, 'cpu/0', 'cpu', NULL, 'rapl', 'counter', 'Package 0', 0.02, 'inner', 2.5, 0.1, NULL);
      INSERT INTO app VALUES (1, 'ollama', 'Ollama', 'server', 1, 1, 0.05);
      INSERT INTO packed_energy VALUES (10, 1764000000, x'010a64050404900300080a');
      INSERT INTO domain_energy VALUES (3600, 1763996400, 1, 3600, 600, 1000, 0, 25), (86400, 1763938800, 1, 3600, 600, 1000, 0, 25);
      INSERT INTO app_energy VALUES (3600, 1763996400, 1, 1500, 500, 0, 9, 400), (86400, 1763938800, 1, 1500, 500, 0, 9, 400);
      INSERT INTO bucket VALUES (3600, 1763996400, 3600), (86400, 1763938800, 86400);
      INSERT INTO gap VALUES (1763999000, 1763998000, 'suspend');
      INSERT INTO overhead VALUES (60, 1764000000, 1, 60, 9000, 6000), (900, 1762000200, 1, 900, 90000, 60000);
      UPDATE progress SET complete_to_s = 1764000010 WHERE resolution_s = 10;
      INSERT INTO state VALUES ('ledger.begunS', '1763938800'), ('ledger.timeZone', '"Europe/Berlin"');
    `),
  4: (db) =>
    void db.exec(`
      INSERT INTO domain VALUES (1, 'cpu/0', 'cpu', NULL, 'rapl', 'counter', 'Package 0', 0.02, 'inner', 2.5, 0.1, NULL);
      INSERT INTO app VALUES (1, 'ollama', 'Ollama', 'server', 1, 1, 0.05);
      INSERT INTO packed_energy VALUES (10, 1764000000, x'010a64050404900300080a');
      INSERT INTO domain_energy VALUES (3600, 1763996400, 1, 3600, 600, 1000, 0, 25), (86400, 1763938800, 1, 3600, 600, 1000, 0, 25);
      INSERT INTO app_energy VALUES (3600, 1763996400, 1, 1500, 500, 0, 9, 400), (86400, 1763938800, 1, 1500, 500, 0, 9, 400);
      INSERT INTO bucket VALUES (3600, 1763996400, 3600), (86400, 1763938800, 86400);
      INSERT INTO gap VALUES (1763999000, 1763998000, 'suspend');
      INSERT INTO overhead VALUES (3600, 1763996400, 1, 3600, 90000, 60000);
      UPDATE progress SET complete_to_s = 1764000010 WHERE resolution_s = 10;
      INSERT INTO state VALUES ('ledger.begunS', '1763938800'), ('ledger.timeZone', '"Europe/Berlin"');
      INSERT INTO model VALUES (1, 'ollama/qwen3:8b', 'ollama', 'qwen3:8b', 'qwen3', 8200000000, 'Q4_K_M', 'Ollama', 'gpu', 0, 0.1);
      INSERT INTO person VALUES (1, 'os/1000', 'os', NULL, NULL), (2, 'api/0123456789ab', 'api', 'Ada', 1);
      INSERT INTO project VALUES (1, 'fedcba987654', NULL);
      INSERT INTO packed_model_energy VALUES (10, 1764000000, x'04640500');
      INSERT INTO model_energy VALUES (3600, 1763996400, 1, 1500, 400, 100, 0), (86400, 1763938800, 1, 1500, 400, 100, 0);
      INSERT INTO output VALUES (3600, 1763996400, 1, 1, 1, 1, 0, 120, NULL, 300, 0, 2, 0, 0, NULL, NULL, 1400, 0, 9, 1763998000);
      INSERT INTO request VALUES (1763998000123, '00000000000000a1', 1763997998000, 1, 1, 1, 1, 'python3', '/api/chat', 60, NULL, 150, 'exact', NULL, NULL,
        210, 2123, 'done', 200, 0, 700, 0, 0.2, 'counter');
      INSERT INTO request_histogram VALUES (1763942400, 1, 'duration_ms', x'5903');
      INSERT INTO job VALUES ('job-1', 'lora', 'run', 'ollama', 1763997000, 1763998000, 0, 99000, 0.1, 'counter', 0);
    `),
}
