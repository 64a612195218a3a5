-- Who waits for an earlier time, times that came free, who was offered each of them and until when it was held, and how a business wants
-- that done.
CREATE TABLE waitlist_entry (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), contact_id blob NOT NULL REFERENCES contact(id), for_name text,
  types text NOT NULL, locations text NOT NULL, staff text NOT NULL, minutes integer NOT NULL, windows text NOT NULL,
  notice_minutes integer NOT NULL, priority text NOT NULL, instead_of blob REFERENCES appointment(id), notes text NOT NULL,
  channel text NOT NULL, source text NOT NULL, consent text NOT NULL, consented_at text NOT NULL, status text NOT NULL,
  place integer NOT NULL, turn_at text NOT NULL, last_offered_at text, silences integer NOT NULL, offers integer NOT NULL,
  answers integer NOT NULL, expires_at text NOT NULL, asked_at text, look_at text, link_revision integer NOT NULL,
  created_at text NOT NULL, updated_at text NOT NULL);
CREATE INDEX waitlist_entry_turn ON waitlist_entry (business_id, place, turn_at, created_at, id) WHERE status = 'waiting';
CREATE INDEX waitlist_entry_ended ON waitlist_entry (business_id, status, created_at, id) WHERE status <> 'waiting';
CREATE INDEX waitlist_entry_contact ON waitlist_entry (contact_id);
CREATE INDEX waitlist_entry_look ON waitlist_entry (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX waitlist_entry_instead ON waitlist_entry (instead_of) WHERE instead_of IS NOT NULL;

CREATE TABLE slot (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), purpose text NOT NULL, starts_at text NOT NULL,
  minutes integer NOT NULL, type_id blob REFERENCES appointment_type(id), location_id blob REFERENCES location(id),
  staff_label text NOT NULL, mode text NOT NULL, hold_minutes integer NOT NULL, group_size integer NOT NULL, status text NOT NULL,
  source text NOT NULL, from_id blob REFERENCES appointment(id), chain_id blob REFERENCES slot(id), dedupe_key text NOT NULL,
  appointment_id blob REFERENCES appointment(id), taken_at text, taken_by text, stops_at text NOT NULL,
  next_at text, waits_until text, wait_reason text, created_at text NOT NULL, updated_at text NOT NULL);
CREATE UNIQUE INDEX slot_key ON slot (business_id, dedupe_key);
CREATE INDEX slot_due ON slot (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX slot_open ON slot (business_id, starts_at) WHERE status IN ('open', 'offering');
CREATE INDEX slot_ended ON slot (business_id, updated_at) WHERE status IN ('taken', 'expired');
CREATE INDEX slot_from ON slot (from_id) WHERE from_id IS NOT NULL;
CREATE INDEX slot_appointment ON slot (appointment_id) WHERE appointment_id IS NOT NULL;

CREATE TABLE offer (
  id blob PRIMARY KEY, business_id blob NOT NULL REFERENCES business(id), slot_id blob NOT NULL REFERENCES slot(id),
  entry_id blob REFERENCES waitlist_entry(id), contact_id blob NOT NULL REFERENCES contact(id), times_id blob, choice integer,
  status text NOT NULL, channel text NOT NULL, reason text NOT NULL, message_id blob REFERENCES message(id), expires_at text,
  sent_at text, answered_at text, owes text, created_at text NOT NULL, updated_at text NOT NULL);
CREATE UNIQUE INDEX offer_slot ON offer (slot_id, contact_id);
CREATE INDEX offer_contact ON offer (business_id, contact_id, created_at);
CREATE INDEX offer_entry ON offer (entry_id) WHERE entry_id IS NOT NULL;
CREATE INDEX offer_message ON offer (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX offer_times ON offer (times_id) WHERE times_id IS NOT NULL;
CREATE INDEX offer_owes ON offer (slot_id) WHERE owes IS NOT NULL;

CREATE TABLE waitlist_rules (
  business_id blob PRIMARY KEY REFERENCES business(id), rules text NOT NULL, updated_at text NOT NULL);
