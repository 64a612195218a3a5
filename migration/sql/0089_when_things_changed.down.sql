DROP INDEX waitlist_entry_changed;
DROP TABLE last_change;
