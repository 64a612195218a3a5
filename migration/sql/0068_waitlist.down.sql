DROP TABLE offer;
DROP TABLE slot;
DROP TABLE waitlist_entry;
DROP TABLE waitlist_rules;
