DROP TABLE api_repeat;
