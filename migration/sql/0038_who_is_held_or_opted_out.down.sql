DROP INDEX consent_opted_out;
DROP INDEX contact_held;
