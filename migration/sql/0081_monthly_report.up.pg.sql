-- Businesses whose owners want the month's report by mail, and the last month that it was written of.
CREATE TABLE monthly_report (business_id uuid PRIMARY KEY REFERENCES business(id), month text NOT NULL, look_at timestamptz NOT NULL);
CREATE INDEX monthly_report_to_do ON monthly_report (look_at);
