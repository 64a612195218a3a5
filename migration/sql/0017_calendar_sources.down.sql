DROP TABLE calendar_event;
DROP TABLE calendar_source;
