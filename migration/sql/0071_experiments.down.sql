DROP TABLE experiment_person;
DROP TABLE experiment_arm;
DROP TABLE experiment;
