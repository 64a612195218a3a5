DROP TABLE review_request;
DROP TABLE review_rules;
DROP TABLE review_platform;
