-- By which an address that can still be taken back is found; none: a change from before this.
ALTER TABLE email_change ADD COLUMN before_key text;
CREATE INDEX email_change_before ON email_change (before_key) WHERE confirmed_at IS NOT NULL AND undone_at IS NULL;
-- Whose invitation it is; none: one from before this, or not a member's.
ALTER TABLE invitation ADD COLUMN invited_by_id blob;
-- How often an invitation was sent: nobody is flooded from here.
ALTER TABLE invitation ADD COLUMN times_sent integer NOT NULL DEFAULT 1;
-- In which session a browser was told to take notifications: signed out there, it gets no more. None: one from before this.
ALTER TABLE push_device ADD COLUMN session_hash text;
CREATE INDEX push_device_account ON push_device (account_id, session_hash);
-- A browser that is known by a link for a new password alone: nobody has signed in there yet.
ALTER TABLE device ADD COLUMN by_link boolean NOT NULL DEFAULT false;
