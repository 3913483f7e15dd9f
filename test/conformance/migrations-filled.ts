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
}
