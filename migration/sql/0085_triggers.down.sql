DROP TABLE trigger_call;
