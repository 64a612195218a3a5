// A plain Express server that takes inbound texts as most people would write it: the signature by Twilio's own SDK, then one transaction
// of five statements. Rows hold what ours do, in plain. It knows no consent, no answers, no live inbox, and encrypts nothing.
// Usage: node server.mjs POSTGRES-URL AUTH-TOKEN PUBLIC-URL; prints its port.
import express from 'express'
import pg from 'pg'
import twilio from 'twilio'

const [, , database, token, url] = process.argv
const business = '00000000-0000-0000-0000-000000000001'
const pool = new pg.Pool({ connectionString: database, max: 16 })
await pool.query(`
  CREATE TABLE receipt (sid text PRIMARY KEY, raw text NOT NULL, at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE contact (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), business_id uuid NOT NULL, phone text NOT NULL,
    name text NOT NULL DEFAULT '', created_at timestamptz NOT NULL DEFAULT now(), UNIQUE (business_id, phone));
  CREATE TABLE conversation (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), business_id uuid NOT NULL,
    contact_id uuid NOT NULL UNIQUE REFERENCES contact, preview text NOT NULL, unread int NOT NULL, last_at timestamptz NOT NULL);
  CREATE INDEX ON conversation (business_id, last_at, id);
  CREATE TABLE message (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), business_id uuid NOT NULL,
    conversation_id uuid NOT NULL REFERENCES conversation, provider_sid text NOT NULL UNIQUE, ours text NOT NULL, theirs text NOT NULL,
    body text NOT NULL, segments int NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
  CREATE INDEX ON message (business_id, created_at, id);
  CREATE INDEX ON message (conversation_id, created_at, id);
  CREATE TABLE counter_day (business_id uuid, day date, what text, n bigint NOT NULL, PRIMARY KEY (business_id, day, what));
`)

async function store(text, raw) {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const seen = await client.query('INSERT INTO receipt (sid, raw) VALUES ($1, $2) ON CONFLICT DO NOTHING', [text.MessageSid, raw])
    if (seen.rowCount > 0) {
      const contact = await client.query(
        `INSERT INTO contact (business_id, phone) VALUES ($1, $2)
         ON CONFLICT (business_id, phone) DO UPDATE SET phone = excluded.phone RETURNING id`,
        [business, text.From],
      )
      const conversation = await client.query(
        `INSERT INTO conversation (business_id, contact_id, preview, unread, last_at) VALUES ($1, $2, $3, 1, now())
         ON CONFLICT (contact_id) DO UPDATE SET preview = excluded.preview, unread = conversation.unread + 1, last_at = now() RETURNING id`,
        [business, contact.rows[0].id, text.Body.slice(0, 120)],
      )
      await client.query(
        `INSERT INTO message (business_id, conversation_id, provider_sid, ours, theirs, body, segments) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [business, conversation.rows[0].id, text.MessageSid, text.To, text.From, text.Body, Number(text.NumSegments)],
      )
      // Last: every text changes this row, so its lock is held for as short as can be.
      await client.query(
        `INSERT INTO counter_day (business_id, day, what, n) VALUES ($1, current_date, 'received', 1)
         ON CONFLICT (business_id, day, what) DO UPDATE SET n = counter_day.n + 1`,
        [business],
      )
    }
    await client.query('COMMIT')
  } catch (cause) {
    await client.query('ROLLBACK')
    throw cause
  } finally {
    client.release()
  }
}

const app = express()
const keep = (request, _response, body) => { request.raw = body.toString() }
app.post('/webhooks/twilio/inbound', express.urlencoded({ extended: false, verify: keep }), async (request, response) => {
  if (!twilio.validateRequest(token, request.get('x-twilio-signature') ?? '', url + request.originalUrl, request.body)) {
    return response.status(403).end()
  }
  await store(request.body, request.raw)
  response.type('text/xml').send('<Response/>')
})
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port))
