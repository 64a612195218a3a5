ALTER TABLE breaker DROP COLUMN by_callback;
