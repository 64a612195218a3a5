DROP TABLE recount;
DROP TABLE counted;
DROP TABLE counter_quarter;
