-- What a metered call was for and what it asked, so that an idempotency key cannot stand for two questions.
ALTER TABLE calls ADD COLUMN scenario TEXT NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN request BLOB NOT NULL DEFAULT x'';
