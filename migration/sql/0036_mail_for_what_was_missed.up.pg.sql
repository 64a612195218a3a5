-- What went to somebody's devices and was shown on none of them is told by mail. Each notification keeps whether it wants that, and when
-- a device said that it was shown.
ALTER TABLE notification ADD COLUMN if_missed boolean NOT NULL DEFAULT false;
ALTER TABLE notification ADD COLUMN shown_at timestamptz;
