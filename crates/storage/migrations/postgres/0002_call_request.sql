-- What a metered call was for and what it asked, so that an idempotency key cannot stand for two questions.
ALTER TABLE calls ADD COLUMN scenario TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN request BYTEA NOT NULL DEFAULT '';
