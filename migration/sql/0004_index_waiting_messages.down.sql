DROP INDEX message_waiting_log;
