-- A record is found by its leaf hash, which is what people hold in hand.
CREATE INDEX journal_digest ON journal (digest);
