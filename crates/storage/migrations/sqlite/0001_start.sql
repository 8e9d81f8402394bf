-- Rules of this folder: STRICT tables, INTEGER for every number and time (microseconds UTC), BLOB for ids and hashed
-- bytes; text compares by its bytes. Same tables as in the other folder. An applied file is never edited.

-- Used on PostgreSQL only; here one writer connection does the same. It never has rows.
CREATE TABLE writer (
    name TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES ('journal', 0), ('ledger', 0);

CREATE TABLE events (
    stream TEXT NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (stream, version)
) STRICT;

CREATE TABLE journal (
    seq INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    action TEXT NOT NULL,
    actor TEXT NOT NULL,
    subject TEXT NOT NULL,
    permit TEXT NOT NULL,
    digest BLOB NOT NULL,
    entry BLOB NOT NULL,
    payload BLOB NOT NULL
) STRICT;
CREATE INDEX journal_subject ON journal (subject, seq);

CREATE TABLE records (
    kind TEXT NOT NULL,
    id BLOB NOT NULL,
    version INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT;

CREATE TABLE record_keys (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    sort INTEGER NOT NULL,
    id BLOB NOT NULL,
    PRIMARY KEY (kind, name, value, sort, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_keys_id ON record_keys (kind, id);

CREATE TABLE record_uniques (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    id BLOB NOT NULL,
    PRIMARY KEY (kind, name, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_uniques_id ON record_uniques (kind, id);

CREATE TABLE jobs (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'dead')),
    run_at INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    error TEXT,
    body BLOB NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT;
CREATE INDEX jobs_due ON jobs (state, run_at, kind, key);

CREATE TABLE sessions (
    token BLOB NOT NULL PRIMARY KEY,
    person BLOB NOT NULL,
    created INTEGER NOT NULL,
    touched INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_person ON sessions (person);
CREATE INDEX sessions_expires ON sessions (expires);

CREATE TABLE commands (
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    at INTEGER NOT NULL,
    digest BLOB NOT NULL,
    response BLOB NOT NULL,
    PRIMARY KEY (actor, key)
) STRICT;
CREATE INDEX commands_at ON commands (at);

CREATE TABLE calls (
    id BLOB NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    product BLOB NOT NULL,
    usage BLOB NOT NULL,
    api_key BLOB NOT NULL,
    units INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    price INTEGER NOT NULL,
    idempotency TEXT,
    seq INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX calls_idempotency ON calls (usage, idempotency);
CREATE INDEX calls_usage ON calls (usage, at, id);
CREATE INDEX calls_product ON calls (product, at, id);

CREATE TABLE objects (
    id BLOB NOT NULL PRIMARY KEY,
    tenant BLOB NOT NULL,
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    sealed_bytes INTEGER NOT NULL,
    plain_bytes INTEGER NOT NULL,
    digest BLOB NOT NULL,
    wrapped BLOB NOT NULL,
    created INTEGER NOT NULL,
    destroyed_at INTEGER
) STRICT;
CREATE INDEX objects_tenant ON objects (tenant, id);

CREATE TABLE tenant_keys (
    tenant BLOB NOT NULL PRIMARY KEY,
    suite TEXT NOT NULL,
    wrapped BLOB NOT NULL,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
    key TEXT NOT NULL PRIMARY KEY,
    updated_at INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
