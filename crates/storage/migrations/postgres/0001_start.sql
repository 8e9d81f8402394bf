-- Rules of this folder: BIGINT for every number and time (microseconds UTC), BYTEA for ids and hashed bytes, TEXT with
-- the C collation wherever text is a key, so that both engines sort alike. An applied file is never edited.

-- Writers of PostgreSQL queue on this table before they take their snapshot. It never has rows.
CREATE TABLE writer (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY
);

CREATE TABLE counters (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('journal', 0), ('ledger', 0);

CREATE TABLE events (
    stream TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (stream, version)
);

CREATE TABLE journal (
    seq BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    action TEXT NOT NULL,
    actor TEXT NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    permit TEXT NOT NULL,
    digest BYTEA NOT NULL,
    entry BYTEA NOT NULL,
    payload BYTEA NOT NULL
);
CREATE INDEX journal_subject ON journal (subject, seq);

CREATE TABLE records (
    kind TEXT COLLATE "C" NOT NULL,
    id BYTEA NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, id)
);

CREATE TABLE record_keys (
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    sort BIGINT NOT NULL,
    id BYTEA NOT NULL,
    PRIMARY KEY (kind, name, value, sort, id)
);
CREATE INDEX record_keys_id ON record_keys (kind, id);

CREATE TABLE record_uniques (
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    id BYTEA NOT NULL,
    PRIMARY KEY (kind, name, value)
);
CREATE INDEX record_uniques_id ON record_uniques (kind, id);

CREATE TABLE jobs (
    kind TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'done', 'dead')),
    run_at BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    error TEXT,
    body BYTEA NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX jobs_due ON jobs (state, run_at, kind, key);

CREATE TABLE sessions (
    token BYTEA NOT NULL PRIMARY KEY,
    person BYTEA NOT NULL,
    created BIGINT NOT NULL,
    touched BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX sessions_person ON sessions (person);
CREATE INDEX sessions_expires ON sessions (expires);

CREATE TABLE commands (
    actor TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    response BYTEA NOT NULL,
    PRIMARY KEY (actor, key)
);
CREATE INDEX commands_at ON commands (at);

CREATE TABLE calls (
    id BYTEA NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    product BYTEA NOT NULL,
    usage BYTEA NOT NULL,
    api_key BYTEA NOT NULL,
    units BIGINT NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    price BIGINT NOT NULL,
    idempotency TEXT COLLATE "C",
    seq BIGINT NOT NULL
);
CREATE UNIQUE INDEX calls_idempotency ON calls (usage, idempotency);
CREATE INDEX calls_usage ON calls (usage, at, id);
CREATE INDEX calls_product ON calls (product, at, id);

CREATE TABLE objects (
    id BYTEA NOT NULL PRIMARY KEY,
    tenant BYTEA NOT NULL,
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    sealed_bytes BIGINT NOT NULL,
    plain_bytes BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    wrapped BYTEA NOT NULL,
    created BIGINT NOT NULL,
    destroyed_at BIGINT
);
CREATE INDEX objects_tenant ON objects (tenant, id);

CREATE TABLE tenant_keys (
    tenant BYTEA NOT NULL PRIMARY KEY,
    suite TEXT NOT NULL,
    wrapped BYTEA NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE settings (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    updated_at BIGINT NOT NULL,
    body TEXT NOT NULL
);
