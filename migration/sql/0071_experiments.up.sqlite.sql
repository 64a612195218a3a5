-- Two texts of a kind that are tried against each other: how many people that takes is fixed when it is planned. Each text with what is
-- counted of it, and everybody who is given one, with what came of it.
CREATE TABLE experiment (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), kind text NOT NULL, channel text NOT NULL,
  language text NOT NULL, measure text NOT NULL, usual integer NOT NULL, worth integer NOT NULL, needed integer NOT NULL,
  people_before integer NOT NULL, status text NOT NULL, enrolling boolean NOT NULL, why text, result text, version integer NOT NULL,
  look_at text NOT NULL, adopted_version integer, author text NOT NULL, created_at text NOT NULL,
  started_at text, ended_at text, updated_at text NOT NULL);
CREATE UNIQUE INDEX experiment_of ON experiment (business_id, kind, channel, language) WHERE status IN ('planned', 'running');
CREATE INDEX experiment_business ON experiment (business_id, created_at, id);
CREATE INDEX experiment_running ON experiment (look_at) WHERE status = 'running';

CREATE TABLE experiment_arm (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), experiment_id blob NOT NULL REFERENCES experiment(id),
  arm text NOT NULL, subject text, body text NOT NULL, people bigint NOT NULL, known bigint NOT NULL, hits bigint NOT NULL,
  out bigint NOT NULL, opted_out bigint NOT NULL);
CREATE UNIQUE INDEX experiment_arm_of ON experiment_arm (experiment_id, arm);

CREATE TABLE experiment_person (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), experiment_id blob NOT NULL REFERENCES experiment(id),
  contact_id blob NOT NULL REFERENCES contact(id), arm text NOT NULL, state text NOT NULL, message_id blob NOT NULL REFERENCES message(id),
  subject_id blob NOT NULL, due_at text NOT NULL, opted_out_at text, created_at text NOT NULL);
CREATE UNIQUE INDEX experiment_person_of ON experiment_person (experiment_id, contact_id);
CREATE INDEX experiment_person_contact ON experiment_person (contact_id);
CREATE INDEX experiment_person_due ON experiment_person (experiment_id, arm, due_at) WHERE state = 'given';
