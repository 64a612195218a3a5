-- A breaker that opened because of what the network said later is closed by the network's word, not by Twilio's taking a
-- text.
ALTER TABLE breaker ADD COLUMN by_callback boolean NOT NULL DEFAULT FALSE;
