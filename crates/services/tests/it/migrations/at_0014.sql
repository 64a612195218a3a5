-- A business as the version before 0015 would have left it, with a row in every table. #1 stands for an id; larger ones are newer.

INSERT INTO business (id, slug, name, contact_line, time_zone, country, quiet_start, quiet_end, cadence, hourly_limit, created_at)
  VALUES (#1, 'bright-dental', 'Bright Dental', '+1 415 555 0100', 'America/New_York', 'US', 1260, 480, '48,24', 100, '2026-11-01T08:00:00+00:00');
INSERT INTO account (id, email, email_key, name, password_hash, created_at) VALUES
  (#2, 'v1.k.sam', 'k.sam', 'Sam', 'x', '2026-11-01T08:00:00+00:00'), (#3, 'v1.k.kim', 'k.kim', 'Kim', 'x', '2026-11-01T08:00:00+00:00');
INSERT INTO member (id, business_id, account_id, role, created_at) VALUES
  (#4, #1, #2, 'owner', '2026-11-01T08:00:00+00:00'), (#5, #1, #3, 'staff', '2026-11-01T08:00:00+00:00');
INSERT INTO session (id_hash, data, expires_at) VALUES ('h', '{}', '2026-12-01T08:00:00+00:00');
INSERT INTO api_key (id, business_id, name, hash, scopes, created_at) VALUES (#6, #1, 'CRM', 'h', 'contacts:read', '2026-11-01T08:00:00+00:00');
INSERT INTO number (id, business_id, phone, status, is_default, created_at)
  VALUES (#7, #1, '+14155550100', 'active', true, '2026-11-01T08:00:00+00:00');
INSERT INTO location (id, business_id, name, address, number_id, created_at, updated_at)
  VALUES (#8, #1, 'Main Street', '1 Main Street', #7, '2026-11-01T08:00:00+00:00', '2026-11-01T08:00:00+00:00');

INSERT INTO contact (id, business_id, name, phone, phone_key, notes, blocked, search, next_token, created_at, updated_at) VALUES
  (#11, #1, 'Ann', 'v1.k.a', 'k.a', '', false, 'ann', 101, '2026-11-01T08:00:00+00:00', '2026-11-01T08:00:00+00:00'),
  (#12, #1, 'Ben', 'v1.k.b', 'k.b', '', false, 'ben', 102, '2026-11-01T08:00:00+00:00', '2026-11-01T08:00:00+00:00'),
  (#13, #1, 'Cat', 'v1.k.c', 'k.c', '', false, 'cat', 101, '2026-11-01T08:00:00+00:00', '2026-11-01T08:00:00+00:00'),
  (#14, #1, 'Dan', 'v1.k.d', 'k.d', '', false, 'dan', 101, '2026-11-01T08:00:00+00:00', '2026-11-01T08:00:00+00:00'),
  (#15, #1, 'Eve', 'v1.k.e', 'k.e', '', false, 'eve', 102, '2026-11-01T08:00:00+00:00', '2026-11-01T08:00:00+00:00'),
  (#16, #1, 'Fay', 'v1.k.f', 'k.f', '', false, 'fay', 101, '2026-11-01T08:00:00+00:00', '2026-11-01T08:00:00+00:00');
INSERT INTO consent (contact_id, channel, purpose, business_id, state, updated_at)
  VALUES (#13, 'sms', 'transactional', #1, 'opted_out', '2026-11-20T09:00:00+00:00');
INSERT INTO consent_event (id, business_id, seq, contact_id, channel, purpose, state, source, actor, evidence, at, prev_hash, hash)
  VALUES (#19, #1, 1, #13, 'sms', 'transactional', 'opted_out', 'keyword', 'customer', 'x', '2026-11-20T09:00:00+00:00', '', 'h');
INSERT INTO suppression (business_id, phone, phone_key, since) VALUES (#1, 'v1.k.c', 'k.c', '2026-11-20T09:00:00+00:00');

-- Ann's was made by nobody we know of, Ben's by a program, Eve's by Kim.
INSERT INTO appointment (id, business_id, contact_id, starts_at, status, staff_label, notes, token, location_id, created_at, updated_at) VALUES
  (#21, #1, #11, '2026-12-01T15:00:00+00:00', 'scheduled', 'Ana', '', 101, NULL, '2026-11-02T08:00:00+00:00', '2026-11-02T08:00:00+00:00'),
  (#22, #1, #12, '2026-12-01T16:00:00+00:00', 'confirmed', 'Ana', 'x', 101, #8, '2026-11-01T08:00:00+00:00', '2026-11-20T09:30:00+00:00'),
  (#23, #1, #15, '2026-12-01T17:00:00+00:00', 'scheduled', '', '', 101, NULL, '2026-11-01T08:00:00+00:00', '2026-11-01T08:00:00+00:00');
INSERT INTO audit_event (id, business_id, actor, action, entity, entity_id, at) VALUES
  (#24, #1, 'API key CRM (…)', 'appointment.created', 'appointment', #22, '2026-11-01T08:00:00+00:00'),
  (#25, #1, 'Kim (…)', 'appointment.moved', 'appointment', #22, '2026-11-02T08:00:00+00:00'),
  (#26, #1, 'Kim (…)', 'appointment.created', 'appointment', #23, '2026-11-01T08:00:00+00:00');

INSERT INTO conversation (id, business_id, contact_id, last_message_id, preview, last_at, last_direction, last_status, unread, created_at) VALUES
  (#31, #1, #11, #43, 'x', '2026-11-20T10:00:00+00:00', 'inbound', 'received', 1, '2026-11-01T08:00:00+00:00'),
  (#32, #1, #12, #46, 'x', '2026-11-20T12:00:00+00:00', 'outbound', 'delivered', 0, '2026-11-01T08:00:00+00:00'),
  (#33, #1, #13, #48, 'x', '2026-11-20T09:05:00+00:00', 'inbound', 'received', 2, '2026-11-01T08:00:00+00:00'),
  (#34, #1, #14, #50, 'x', '2026-11-20T11:00:00+00:00', 'outbound', 'delivered', 0, '2026-11-01T08:00:00+00:00'),
  (#35, #1, #15, #51, 'x', '2026-11-20T12:00:00+00:00', 'outbound', 'sent', 0, '2026-11-01T08:00:00+00:00'),
  (#36, #1, #16, #53, 'x', '2026-11-20T09:10:00+00:00', 'outbound', 'cancelled', 0, '2026-11-01T08:00:00+00:00');
INSERT INTO message (id, business_id, conversation_id, contact_id, direction, channel, kind, purpose, status, body, segments, ours, theirs,
    theirs_key, not_before, created_at) VALUES
  -- Ann was answered, then asked twice more; somebody has read the first of the two.
  (#40, #1, #31, #11, 'inbound', 'sms', 'customer', 'transactional', 'received', 'Hello?', 1, 'o', 't', 'k', '2026-11-20T07:00:00+00:00', '2026-11-20T07:00:00+00:00'),
  (#41, #1, #31, #11, 'outbound', 'sms', 'reply', 'transactional', 'delivered', 'Hi Ann', 1, 'o', 't', 'k', '2026-11-20T08:00:00+00:00', '2026-11-20T08:00:00+00:00'),
  (#42, #1, #31, #11, 'inbound', 'sms', 'customer', 'transactional', 'received', 'Is there parking?', 1, 'o', 't', 'k', '2026-11-20T09:00:00+00:00', '2026-11-20T09:00:00+00:00'),
  (#43, #1, #31, #11, 'inbound', 'sms', 'customer', 'transactional', 'received', 'Anybody there?', 1, 'o', 't', 'k', '2026-11-20T10:00:00+00:00', '2026-11-20T10:00:00+00:00'),
  -- Ben has said Y to a reminder, and got another one since.
  (#44, #1, #32, #12, 'outbound', 'sms', 'reminder', 'transactional', 'delivered', 'x', 1, 'o', 't', 'k', '2026-11-20T08:00:00+00:00', '2026-11-20T08:00:00+00:00'),
  (#45, #1, #32, #12, 'inbound', 'sms', 'customer', 'transactional', 'received', 'Yes thank you', 1, 'o', 't', 'k', '2026-11-20T09:30:00+00:00', '2026-11-20T09:30:00+00:00'),
  (#46, #1, #32, #12, 'outbound', 'sms', 'reminder', 'transactional', 'delivered', 'x', 1, 'o', 't', 'k', '2026-11-20T12:00:00+00:00', '2026-11-20T12:00:00+00:00'),
  -- Cat has said STOP, twice and in two ways.
  (#47, #1, #33, #13, 'inbound', 'sms', 'customer', 'transactional', 'received', 'arret', 1, 'o', 't', 'k', '2026-11-20T09:00:00+00:00', '2026-11-20T09:00:00+00:00'),
  (#48, #1, #33, #13, 'inbound', 'sms', 'customer', 'transactional', 'received', 'STOP!', 1, 'o', 't', 'k', '2026-11-20T09:05:00+00:00', '2026-11-20T09:05:00+00:00'),
  -- Dan was answered.
  (#49, #1, #34, #14, 'inbound', 'sms', 'customer', 'transactional', 'received', 'How much is it?', 1, 'o', 't', 'k', '2026-11-20T09:00:00+00:00', '2026-11-20T09:00:00+00:00'),
  (#50, #1, #34, #14, 'outbound', 'sms', 'reply', 'transactional', 'delivered', '$80', 1, 'o', 't', 'k', '2026-11-20T11:00:00+00:00', '2026-11-20T11:00:00+00:00'),
  -- Eve has never written, nor has anybody to her.
  (#51, #1, #35, #15, 'outbound', 'sms', 'reminder', 'transactional', 'sent', 'x', 1, 'o', 't', 'k', '2026-11-20T12:00:00+00:00', '2026-11-20T12:00:00+00:00'),
  -- What was written to Fay was withdrawn.
  (#52, #1, #36, #16, 'inbound', 'sms', 'customer', 'transactional', 'received', 'Yes but call me', 1, 'o', 't', 'k', '2026-11-20T09:00:00+00:00', '2026-11-20T09:00:00+00:00'),
  (#53, #1, #36, #16, 'outbound', 'sms', 'reply', 'transactional', 'cancelled', 'x', 1, 'o', 't', 'k', '2026-11-20T09:10:00+00:00', '2026-11-20T09:10:00+00:00');
INSERT INTO message_attempt (id, business_id, message_id, number, started_at) VALUES (#54, #1, #41, 1, '2026-11-20T08:00:00+00:00');
INSERT INTO message_event (id, business_id, message_id, provider_sid, status, source, at)
  VALUES (#55, #1, #41, 'SM1', 'delivered', 'callback', '2026-11-20T08:00:01+00:00');
INSERT INTO receipt (provider_sid, business_id, raw, received_at, tries) VALUES ('SM2', #1, 'v1.k.x', '2026-11-20T07:00:00+00:00', 0);
INSERT INTO reminder_request (id, business_id, appointment_id, contact_id, kind, due_at, status, correlation_id, message_id, created_at, updated_at)
  VALUES (#56, #1, #22, #12, '48h', '2026-11-20T08:00:00+00:00', 'yes', 'a:48h', #44, '2026-11-01T08:00:00+00:00', '2026-11-20T09:30:00+00:00');
INSERT INTO task (id, business_id, kind, title, dedupe_key, notes, status, created_at)
  VALUES (#57, #1, 'clarify', 'x', 'x', '', 'open', '2026-11-20T09:00:00+00:00');
INSERT INTO live_event (business_id, kind, payload, created_at) VALUES (#1, 'x', '{}', '2026-11-20T09:00:00+00:00');

INSERT INTO quota_hour (business_id, hour, used) VALUES (#1, '2026-11-20T09:00:00+00:00', 3);
INSERT INTO counter_day (business_id, day, what, n) VALUES (#1, '2026-11-20', 'received', 8);
INSERT INTO spend_month (business_id, month, spent) VALUES (#1, '2026-11', 31600);
INSERT INTO price (country, micros) VALUES ('US', 7900);
INSERT INTO breaker (scope, state, failures, opened, why, changed_at) VALUES ('account:AC1', 'closed', 0, 0, '', '2026-11-20T09:00:00+00:00');
INSERT INTO pace (sender, class, free_at) VALUES ('+14155550100', 0, '2026-11-20T09:00:00+00:00');
INSERT INTO sweep (account_sid, reached) VALUES ('AC1', '2026-11-20T09:00:00+00:00');
INSERT INTO account_pace (account, refused, slowed_at, changed_at, until)
  VALUES ('account:AC1', 1, '2026-11-20T09:00:00+00:00', '2026-11-20T09:00:00+00:00', '2026-11-20T09:00:00+00:00');
INSERT INTO twilio_account (sid, business_id, token, created_at, updated_at)
  VALUES ('AC1', #1, 'v1.k.t', '2026-11-01T08:00:00+00:00', '2026-11-01T08:00:00+00:00');
INSERT INTO twilio_shared_key (account_sid, id, business_id, secret, created_at) VALUES ('AC1', 'KEY', #1, 'v1.k.s', '2026-11-01T08:00:00+00:00');
INSERT INTO data_key (id, wrapped, state, since, created_at)
  VALUES ('k', 'w', 'primary', '2026-11-01T08:00:00+00:00', '2026-11-01T08:00:00+00:00');
INSERT INTO zone_data (id, version, seen_at) VALUES (1, '2026f', '2026-11-01T08:00:00+00:00');
